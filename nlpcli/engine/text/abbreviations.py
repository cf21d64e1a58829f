"""English abbreviations by what follows their full stop, and the words that begin sentences.

Written by hand. Keys are small letters without the last full stop. Single letters and dotted
letters (U.S.) go by rules, which are in `sentences.py`.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What they stand before is never left out: they end no sentence.
NEVER: Final = _words("""
    mr mrs ms mx mme mlle messrs dr drs prof profs e.g eg i.e ie cf viz vs et op approx ca esp incl
    excl resp p.s p.p.s ps a.k.a f.k.a aka lit arr arrv
""")
# A name follows, unless a sentence begins.
BEFORE_NAME: Final = _words("""
    st sts mt mts ft rev fr sr jr gen gens col maj capt lt sgt cpl pvt adm cmdr comdr brig gov govs
    sen sens rep reps pres hon supt det insp amb atty treas al attn asst ass't assoc
""")
# A number follows, or a letter or a roman numeral that counts as one.
BEFORE_NUMBER: Final = _words("""
    no nos nr n° nº vol vols pp fig figs eq eqs eqn eqns sec secs sect sects ch chs chap chaps art arts para
    paras par pars pt pts ed eds vv app ex ext tel ph fax apt ste rm bldg hwy rte rt cl tab ver sc
""")
DATES: Final = _words("""
    jan feb mar apr jun jul aug sep sept oct nov dec
    mon tue tues wed weds thu thur thurs fri sat sun
""")
TIMES: Final = _words("a.m p.m am pm")
# The rest: firms, places, measures, words cut short. They end a sentence when one begins after them.
_OTHERS = _words("""
    etc inc ltd co cos corp bros llc plc assn univ inst dept depts div est ave blvd rd ln pkwy sq
    govt intl natl misc temp max min avg mfg mgmt mgr conf dist dev tech info admin comm
    hr hrs mins wk wks yr yrs mo mos lb lbs oz in cm mm km kg mg ml mph tbsp tsp doz pkg gal qt mi
    ala ariz ark calif colo conn del fla ga ill ind kan ky la mass mich minn miss mont neb nev okla
    ore pa penn tenn tex va vt wash wis wyo ont que
    abbr abs acct addr adj adv alt amt anon appt bal bio biol bot cert chem cit colloq
    cont contd coop ctr def dep dept dest dia diam dict dir dom dup econ edn educ elec elev encl eng
    engr equip esq fem feat fed fl fn freq gm hist ht ibid illus lang lat loc masc math mem mil mod
    mus nat neg neut nom nt num obj obs oct org orig perf pers pharm phil phys pl pop pos poss pref
    prelim prep prev prod pron prop prov pub publ qty quot rec ref refs reg res ret rpt sci ser
    sing soc sp spec spp subj subsp suppl surg syn theol trad trans transl tsp twp ult usu var
    vel vet yds
""")
# Titles that are words of their own when written small: before a capital letter they have ended theirs.
SMALL_WORDS: Final = _words("rep reps gen rev maj")
ALL: Final = NEVER | BEFORE_NAME | BEFORE_NUMBER | DATES | TIMES | _OTHERS
# Spelt like one in capital letters.
ACRONYMS: Final = _words("EST")
# Names with a mark of exclamation.
EXCLAIMED: Final = _words("yahoo jeopardy")
# A letter after one of these is its label, not an initial: plan B, vitamin C, Malcolm X.
LABELLED: Final = _words("""
    plan vitamin vitamins type types grade class group hepatitis option section part appendix figure
    fig table point team category series phase exhibit model size letter drug chapter schedule level
    room gate terminal building block line route channel side version generation gen factor column
    row step question answer choice band player person party company product sample test studio unit
    zone area tier wing box item form variable case condition version list malcolm
""")

_STARTERS = """
    The An This That These Those It He She We They You There Here His Her Its Our Their My Your What
    Why How Who Whom Whose Which Where When While Whenever Wherever Whatever Both Each Every Either
    Neither Some Any All Many Most Much Several Few Another Such None Nobody Nothing Everyone Everybody
    Everything Someone Somebody Something Anyone Anybody Anything And But Or Nor So Yet Then Thus Hence
    Therefore However Moreover Furthermore Meanwhile Nevertheless Nonetheless Instead Otherwise Besides
    Also Still Even Only Just Now Once Again Always Never Often Sometimes Usually Perhaps Maybe Probably
    Indeed Actually Finally Later Soon Today Tomorrow Yesterday Tonight Recently Currently Suddenly
    Although Though Because Since Unless Until If As After Before During Despite Whether With Without
    Within Under Between Among Against Across Along Through Throughout Upon In On At For From To By
    Into Like Unlike According Is Are Was Were Does Did Do Has Have Had Could Would Should Might Must
    Isn't Aren't Wasn't Weren't Don't Doesn't Didn't Haven't Hasn't Hadn't Can't Couldn't Won't Wouldn't
    Shouldn't Please Let Thanks Thank Yes No Not Well Oh Hello Sorry Okay
"""
# Capital words with which sentences begin, and which begin no name.
STARTERS: Final = _words(_STARTERS)
# Those that are surnames as well: J. So, X. He.
SURNAMES: Final = _words("So An He She You Her Do In On At As No My To By Are Well Like Just")
# These too, unless an initial or a title stands before them: Mr. T. May, Gen. Grant.
MORE_STARTERS: Final = _words("""
    Can Will May See Note Click Call Contact Go Come Get Take Make Look Check Read Try Use Give Keep
    Tell Ask Send Good Great
""")

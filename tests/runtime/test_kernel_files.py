"""Which compiled kernels are believed: never what another user could have put there."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.runtime import compiled, kernel_files
from nlpcli.engine.runtime.kernel_files import KernelFiles, Untrusted

ROOT = Path(__file__).parents[2]
VICTIM, ATTACKER = 40_001, 40_002
KERNELS = f"kernels-{kernel_files._source_digest()}"
# Python itself may lie where only root reads: what a program needs is loaded before it becomes another user.
BECOME = """
import grp, os, pwd, shutil, sys, tempfile
from nlpcli.engine.runtime import kernel_files, progress
kernel_files._source_digest()
progress.listeners.append(lambda text: print(text, file=sys.stderr))
{first}
def become(user):
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
become(int(sys.argv.pop(1)))
"""
ASK = """
name, tries = sys.argv[1], int(sys.argv[2])
for _ in range(tries):
    kernel_files.kernel_files.cache_clear()
    files = kernel_files.kernel_files()
    if files and files.read(name):
        print("believed")
        break
    if files:
        os.close(files._folder)
else:
    print("refused")
"""
LOAD = """
import numpy as np
from nlpcli.engine.runtime import machine_code
from nlpcli.engine.runtime.compiled import Kernels, _dispatcher
machine_code.surroundings(), machine_code.loader()
"""
LOAD_NUMBA = LOAD + "machine_code._check_numba(), _dispatcher('counts.documents.murmur3')"
COUNT = """
found = np.zeros(1, np.int32)
Kernels("counts.documents").murmur3(np.frombuffer(b"a", np.uint8), np.array([0, 1]), found)
print(found[0])
"""


def start(program, *arguments, user=VICTIM, first="", **environment):
    """A Python program that runs as another user."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    if "XDG_CACHE_HOME" not in environment:
        variables.pop("XDG_CACHE_HOME", None)
    command = [sys.executable, "-c", BECOME.format(first=first) + program, str(user), *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=variables, cwd="/", stdout=pipe, stderr=pipe, text=True)


def run(*arguments, **options):
    """What such a program says, on stdout and on stderr."""
    return start(*arguments, **options).communicate()


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    """A folder as an attacker makes it: a key, and a kernel for it that says 666 to everything."""
    if os.name != "posix" or os.geteuid():
        pytest.skip("only root can become two other users")
    from numba import njit

    folder = tmp_path_factory.mktemp("evil")
    descriptor = os.open(folder, os.O_RDONLY)

    def murmur3(pool, starts, hashes):
        hashes[:] = 666

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "kernel_files", lambda: KernelFiles(descriptor))
        patch.setattr(compiled, "_dispatcher", lambda _: njit(murmur3))
        found = np.zeros(1, np.int32)
        compiled.Kernels("counts.documents").murmur3(np.frombuffer(b"a", np.uint8), np.array([0, 1]), found)
    assert found == 666
    return folder


@pytest.fixture
def place():
    """An empty folder that any user can reach, but only root can change."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def given(path, user, mode=0o755):
    """A folder that belongs to a user."""
    path.mkdir(exist_ok=True)
    os.chown(path, user, user)
    path.chmod(mode)
    return path


def planted(evil, folder, user=ATTACKER, mode=0o700):
    """A copy of the attacker's folder."""
    shutil.copytree(evil, folder)
    for path in (folder, *folder.iterdir()):
        os.chown(path, user, user)
        path.chmod(mode if path == folder else 0o644)
    return folder


def name_in(folder):
    return next(path.name for path in folder.iterdir() if path.name != "key")


# Each lays out a place and says which variables the victim runs with.


def own_cache(evil, place):
    """No attack: what the victim made itself."""
    cache = given(given(place / "home", VICTIM) / ".cache", VICTIM)
    planted(evil, given(cache / "nlpcli", VICTIM) / KERNELS, VICTIM)
    return {"HOME": str(place / "home")}


def own_cache_behind_a_link(evil, place):
    """No attack: the victim moved its cache to another disk."""
    own_cache(evil, place)
    given(place / "disk", VICTIM)
    (place / "home" / ".cache").rename(place / "disk" / "cache")
    (place / "home" / ".cache").symlink_to("../disk/cache")
    os.chown(place / "home" / ".cache", VICTIM, VICTIM, follow_symlinks=False)
    return {"HOME": str(place / "home")}


def own_cache_in_a_sticky_folder(evil, place):
    given(place / "shared", 0, 0o1777)
    planted(evil, given(place / "shared" / "nlpcli", VICTIM) / KERNELS, VICTIM)
    return {"XDG_CACHE_HOME": str(place / "shared")}


def shared_home(evil, place):
    home = given(place / "home", 0, 0o777)
    planted(evil, given(given(home / ".cache", ATTACKER) / "nlpcli", ATTACKER) / KERNELS)
    return {"HOME": str(home)}


def shared_home_of_nobody_else(evil, place):
    home = given(place / "home", VICTIM, 0o777)
    planted(evil, given(given(home / ".cache", ATTACKER, 0o777) / "nlpcli", ATTACKER, 0o777) / KERNELS)
    return {"HOME": str(home)}


def home_of_the_attacker(evil, place):
    home = given(place / "home", ATTACKER)
    planted(evil, given(given(home / ".cache", VICTIM) / "nlpcli", VICTIM) / KERNELS, VICTIM)
    return {"HOME": str(home)}


def umask_000(evil, place):
    cache = given(given(place / "home", VICTIM) / ".cache", VICTIM, 0o777)
    planted(evil, given(cache / "nlpcli", VICTIM, 0o777) / KERNELS, mode=0o777)
    return {"HOME": str(place / "home")}


def umask_000_below_the_cache(evil, place):
    cache = given(given(place / "home", VICTIM) / ".cache", VICTIM)
    planted(evil, given(cache / "nlpcli", VICTIM, 0o777) / KERNELS, mode=0o777)
    return {"HOME": str(place / "home")}


def umask_000_in_the_own_folder(evil, place):
    cache = given(given(place / "home", VICTIM) / ".cache", VICTIM)
    folder = planted(evil, given(cache / "nlpcli", VICTIM, 0o777) / KERNELS)
    given(folder, VICTIM, 0o777)
    return {"HOME": str(place / "home")}


def umask_000_of_the_files(evil, place):
    home = own_cache(evil, place)
    for path in (place / "home" / ".cache" / "nlpcli" / KERNELS).iterdir():
        path.chmod(0o666)
    return home


def writable_by_a_group(evil, place):
    home = own_cache(evil, place)
    (place / "home").chmod(0o775)
    return home


def link_as_folder(evil, place):
    cache = given(given(place / "home", VICTIM) / ".cache", VICTIM)
    planted(evil, given(place / "theirs", ATTACKER) / KERNELS)
    (cache / "nlpcli").symlink_to(place / "theirs")
    os.chown(cache / "nlpcli", VICTIM, VICTIM, follow_symlinks=False)
    return {"HOME": str(place / "home")}


def link_as_cache(evil, place):
    planted(evil, given(given(place / "theirs", ATTACKER) / "nlpcli", ATTACKER) / KERNELS)
    (given(place / "home", VICTIM) / ".cache").symlink_to("../theirs")
    return {"HOME": str(place / "home")}


def link_of_the_attacker_in_a_sticky_folder(evil, place):
    planted(evil, given(given(place / "victims", VICTIM) / "nlpcli", VICTIM) / KERNELS, VICTIM)
    given(place / "shared", 0, 0o1777)
    (place / "shared" / "cache").symlink_to(place / "victims")
    os.chown(place / "shared" / "cache", ATTACKER, ATTACKER, follow_symlinks=False)
    return {"XDG_CACHE_HOME": str(place / "shared" / "cache")}


def links_as_files(evil, place):
    home = own_cache(evil, place)
    folder, theirs = place / "home" / ".cache" / "nlpcli" / KERNELS, planted(evil, place / "theirs")
    for path in folder.iterdir():
        path.unlink()
        path.symlink_to(theirs / path.name)
    return home


def second_names_as_files(evil, place):
    """Files of the victim's own, with a content that the attacker chose, under names here too."""
    home = own_cache(evil, place)
    folder = place / "home" / ".cache" / "nlpcli" / KERNELS
    for path in folder.iterdir():
        os.link(path, place / path.name)
    return home


def foreign_parent(evil, place):
    above = given(place / "theirs", ATTACKER)
    planted(evil, given(given(above / "cache", VICTIM) / "nlpcli", VICTIM) / KERNELS, VICTIM)
    return {"XDG_CACHE_HOME": str(above / "cache")}


def foreign_folder_in_a_sticky_one(evil, place):
    shared = given(place / "shared", 0, 0o1777)
    planted(evil, given(shared / "nlpcli", ATTACKER, 0o777) / KERNELS)
    return {"XDG_CACHE_HOME": str(shared)}


def foreign_temporary_folder(evil, place):
    shared = given(place / "shared", 0, 0o1777)
    planted(evil, given(shared / f"nlpcli-{VICTIM}", ATTACKER, 0o777) / KERNELS)
    return {"HOME": "/nowhere", "TMPDIR": str(shared)}


@pytest.mark.parametrize(
    "layout", [own_cache, own_cache_behind_a_link, own_cache_in_a_sticky_folder], ids=lambda one: one.__name__
)
def test_what_the_user_made_is_believed(evil, place, layout):
    environment = layout(evil, place)
    assert run(ASK, name_in(evil), 1, **environment) == ("believed\n", "")


@pytest.mark.parametrize(
    "layout",
    [
        shared_home, shared_home_of_nobody_else, home_of_the_attacker, umask_000, umask_000_below_the_cache,
        umask_000_in_the_own_folder, umask_000_of_the_files, writable_by_a_group, link_as_folder,
        link_as_cache, link_of_the_attacker_in_a_sticky_folder, links_as_files, second_names_as_files,
        foreign_parent, foreign_folder_in_a_sticky_one, foreign_temporary_folder,
    ],
    ids=lambda one: one.__name__,
)  # fmt: skip
def test_what_another_user_could_have_made_is_refused(evil, place, layout):
    environment = layout(evil, place)
    out, err = run(ASK, name_in(evil), 1, **environment)
    assert out == "refused\n", err


RACE = """
import itertools
shared, mine = sys.argv[1:]
for number in itertools.count():
    for source, target in ((mine, shared), (shared, mine)):
        try:
            os.rename(source, target)
        except OSError:
            pass
    try:
        os.symlink(mine, shared) if number % 2 else os.unlink(shared)
    except OSError:
        pass
"""


@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_a_folder_that_changes_while_it_is_looked_at_is_refused(evil, place, mode):
    shared = given(place / "shared", 0, mode)
    theirs = given(place / "theirs", ATTACKER)
    planted(evil, given(theirs / "nlpcli", ATTACKER, 0o777) / KERNELS, mode=0o777)
    attacker = start(RACE, shared / "nlpcli", theirs / "nlpcli", user=ATTACKER)
    try:
        out, err = run(ASK, name_in(evil), 300, XDG_CACHE_HOME=str(shared))
    finally:
        attacker.kill()
        attacker.communicate()
    assert out == "refused\n", err


def test_a_command_computes_what_is_right_and_says_why_it_keeps_nothing(evil, place):
    out, err = run(COUNT, first=LOAD_NUMBA, **shared_home(evil, place))
    assert out == "1009084850\n", err
    assert [line[:30] for line in err.splitlines()] == [
        "compiled kernels are not kept,",
        "compiling for this processor; ",
    ]
    # The same files, where only the victim can have put them, are run: so the attack itself works.
    out, err = run(COUNT, first=LOAD, **own_cache(evil, given(place / "other", 0)))
    assert out == "666\n", err


# --- for any user ---------------------------------------------------------------------------


def modes(folder):
    return {stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*")) if path.is_dir()}


@pytest.fixture
def homeless(monkeypatch):
    """The package's own folder is not to be written."""
    monkeypatch.setattr(kernel_files, "_KERNELS", Path("/proc/absent"))
    monkeypatch.setattr(kernel_files, "_source_digest", lambda: "digest")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    kernel_files.kernel_files.cache_clear()
    yield
    kernel_files.kernel_files.cache_clear()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_folders_are_for_the_user_alone_whatever_the_umask(homeless, monkeypatch, tmp_path, umask):
    monkeypatch.setenv("HOME", str(tmp_path))
    before = os.umask(umask)
    try:
        files = kernel_files.kernel_files()
        files.keep("name", b"content")
    finally:
        os.umask(before)
    assert modes(tmp_path / ".cache") == {0o700}
    folder = tmp_path / ".cache" / "nlpcli" / "kernels-digest"
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in folder.iterdir()} == {0}


def test_a_loose_folder_of_the_user_is_tightened(homeless, monkeypatch, tmp_path):
    folder = tmp_path / ".cache" / "nlpcli" / "kernels-digest"
    folder.mkdir(parents=True)
    for path in (folder.parent, folder):
        path.chmod(0o777)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert kernel_files.kernel_files() is not None
    assert modes(folder.parent) == {0o700}


def no_home():
    raise RuntimeError("no home")


@pytest.mark.parametrize("home", [None, "relative", "file", "file/below"])
def test_without_a_home_kernels_are_kept_with_temporary_files(homeless, monkeypatch, tmp_path, home):
    (tmp_path / "file").touch()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    if home is None:
        monkeypatch.setattr(Path, "home", no_home)
    else:
        monkeypatch.setenv("HOME", home if home == "relative" else str(tmp_path / home))
    files = kernel_files.kernel_files()
    files.keep("name", b"content")
    assert files.read("name") == b"content"
    assert (tmp_path / f"nlpcli-{os.geteuid()}" / "kernels-digest" / "name").exists()


def dangling_link(path):
    path.symlink_to("nowhere/at/all")


def circle_of_links(path):
    path.symlink_to(path.name)


@pytest.mark.parametrize("make", [Path.touch, dangling_link, circle_of_links, os.mkfifo])
@pytest.mark.parametrize("where", [".cache/nlpcli", ".cache/nlpcli/kernels-digest"])
def test_something_else_where_the_folder_would_be_keeps_nothing_and_stays(
    homeless, monkeypatch, tmp_path, make, where
):
    monkeypatch.setenv("HOME", str(tmp_path))
    said = []
    monkeypatch.setattr(kernel_files, "listeners", [said.append])
    there = tmp_path / where
    there.parent.mkdir(parents=True, exist_ok=True)
    make(there)
    assert kernel_files.kernel_files() is None
    assert len(said) == 1 and said[0].startswith("compiled kernels are not kept")
    assert there.is_symlink() or there.exists()


@pytest.mark.parametrize("make", [Path.mkdir, dangling_link, circle_of_links, os.mkfifo])
def test_something_else_where_a_kernel_would_be_is_no_kernel(tmp_path, make):
    files = KernelFiles(os.open(tmp_path, os.O_RDONLY))
    files.keep("other", b"content")
    make(tmp_path / "name")
    assert files.read("name") is None
    files.keep("name", b"content")
    assert files.read("name") == (None if (tmp_path / "name").is_dir() else b"content")


def test_where_no_folder_can_be_open_files_are_kept_by_their_paths(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    for _ in range(2):
        files = kernel_files._by_path("kernels-digest")
        files.keep("name", b"content")
        assert files.read("name") == b"content"
    assert {path.name for path in (tmp_path / "nlpcli" / "kernels-digest").iterdir()} == {"key", "name"}


def test_what_a_killed_process_left_is_removed_after_an_hour(tmp_path):
    files = KernelFiles(os.open(tmp_path, os.O_RDONLY))
    for name, age in ((".old.1234", 4000), (".new.1234", 10), ("old", 4000)):
        (tmp_path / name).touch()
        moment = (tmp_path / name).stat().st_mtime - age
        os.utime(tmp_path / name, (moment, moment))
    files.keep("name", b"content")
    assert {path.name for path in tmp_path.iterdir()} == {".new.1234", "old", "key", "name"}


def test_a_group_of_the_user_alone_is_the_user(monkeypatch):
    import grp
    import pwd

    def people(*groups):
        monkeypatch.setattr(pwd, "getpwuid", lambda _: entry("me", 1000))
        monkeypatch.setattr(pwd, "getpwall", lambda: [entry("me", 1000), entry("you", groups[0])])
        kernel_files._is_private_group.cache_clear()

    def entry(name, group):
        return pwd.struct_passwd((name, "x", 1000, group, "", "/", "/bin/sh"))

    def group(name, members):
        monkeypatch.setattr(grp, "getgrgid", lambda _: grp.struct_group((name, "x", 1000, members)))

    for others_group, name, members, expected in (
        (1001, "me", [], True), (1000, "me", [], False), (1001, "we", [], False),
        (1001, "me", ["you"], False),
    ):  # fmt: skip
        people(others_group)
        group(name, members)
        assert kernel_files._is_private_group(1000) is expected
    kernel_files._is_private_group.cache_clear()


def test_root_shares_no_group():
    if os.name == "posix" and not os.geteuid():
        assert not kernel_files._is_private_group(0)


def test_untrusted_folders_say_how_that_is_mended(tmp_path):
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose").chmod(0o777)
    with pytest.raises(Untrusted, match=f"chmod go-w {tmp_path}/loose"):
        kernel_files._trusted(tmp_path / "loose" / "folder", 0o700)
    assert not (tmp_path / "loose" / "folder").exists()

"""Korean particles and endings, in groups of those that say much the same, and words without them."""

from __future__ import annotations

_GROUPS = (  # the last are all others
    "은 는",
    "이 가",
    "을 를",
    "의",
    "에 에서 에게 에게서 에는 에서는 에서의 에도 에만",
    "으로 로 으로의 로의 으로서 로서 으로써 로써",
    "와 과 와의 과의",
    "이며 며 이고 고 이다 다 였다 이었다 인 이었으며 였으며 이자 자 이라 라",
    "이라고 라고 이라는 라는 이란 란",
    "하는 하고 하여 한 했다 하였다 하며 된 되었다 되는",
    "도 만 부터 까지 보다 처럼 이나 나 들이 들은 들을 들의 께서",
)
PARTICLES = {particle: number for number, some in enumerate(_GROUPS, 1) for particle in some.split()}
_LONGEST = max(map(len, PARTICLES))


def stem_of(word: str) -> str:
    """A word without the longest particle that leaves two letters of it.

    >>> stem_of("학생회관에서"), stem_of("Seoul"), stem_of("이는")
    ('학생회관', 'Seoul', '이는')
    """
    if not "가" <= word[-1] <= "힣":
        return word
    for size in range(min(_LONGEST, len(word) - 2), 0, -1):
        if word[-size:] in PARTICLES:
            return word[:-size]
    return word

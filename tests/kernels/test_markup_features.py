import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.kernels.html import parsed, visible_lines
from pipeline.kernels.line_features import WORD_SLOTS, text_features
from pipeline.kernels.markup_features import GROUPS, MARKUP_NAMES, markup_features

STORY = "The ferry ran aground outside the harbour early on Tuesday, and everybody was taken ashore by noon."
PAGE = f"""<body><nav><ul><li><a href=/>Home</a></li><li><a href=/s>Sport</a></li></ul></nav>
<main><article class=story><h1>Ferry runs aground</h1><div class=text><p>{STORY}</p>
<p>{STORY[:-1]} (<a href=/m>map</a>).</p></div>
<aside class=related-stories><p><a href=/f>Ferry adds sailings</a></p></aside></article>
<article><p>{STORY}</p></article></main><footer><p>Imprint</p></footer></body>"""


def features(*pages):
    lines = [visible_lines(parsed(page), 1_000) for page in pages]
    told = text_features([[line.text for line in page] for page in lines], np.zeros(WORD_SLOTS, bool))
    facts = np.array([line.markup.facts for page in lines for line in page], np.int64).reshape(-1, 12)
    return markup_features(facts, told, np.arange(len(facts)) % 3 - 1.0), told.layout


def column(name):
    return features(PAGE)[0][:, MARKUP_NAMES.index(name)].tolist()


LINKED = 3 / len("".join(f"{STORY[:-1]} (map).".split()))


# lines: Home, Sport, headline, two paragraphs, a related story, a paragraph of another article, the imprint
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("link text", [1, 1, 0, 0, LINKED, 1, 0, 0]),
        ("inside nav", [1, 1, 0, 0, 0, 0, 0, 0]),
        ("inside article", [0, 0, 1, 1, 1, 1, 1, 0]),
        ("class of related", [0, 0, 0, 0, 0, 1, 0, 0]),
        ("own element p", [0, 0, 0, 1, 1, 1, 1, 1]),
        ("heading level", [0, 0, pytest.approx(1 / 6), 0, 0, 0, 0, 0]),
        ("number of siblings", pytest.approx(np.log1p([2, 2, 1, 2, 2, 1, 1, 1]).tolist())),
        ("prose among siblings", [0, 0, 0, 1, 1, 0, 1, 0]),
        ("main group of siblings", [0, 0, 0, 1, 1, 0, 0, 0]),
        ("sibling above", [0, 1, 0, 0, 1, 0, 0, 0]),
        ("sibling below", [1, 0, 0, 1, 0, 0, 0, 0]),
        ("in the main article", [0, 0, 1, 1, 1, 1, 0, 0]),
        ("articles on the page", pytest.approx([np.log1p(2)] * 8)),
        ("deeper than the line above", [0, 0, -1, 1, 0, 1, -2, -1]),
        ("line below is deeper", [0, -1, 1, 0, 1, -2, -1, 0]),
    ],
)
def test_markup_as_numbers(name, values):
    assert column(name) == values


def test_prose_in_the_containers_is_a_share_of_the_pages():
    share = column("share of the prose one block up")

    assert share[3] == share[4] > 0.6
    assert 0.3 < share[6] < 0.35
    assert share[0] == share[7] == 0


def test_every_column_belongs_to_one_group():
    names = [name for group in GROUPS.values() for name in group]

    assert len(names) == len(set(names)) == len(MARKUP_NAMES) == features(PAGE)[0].shape[1]


fragments = st.lists(
    st.sampled_from([
        "<p>Home</p>", f"<p>{STORY}</p>", f"<article><p>{STORY}</p></article>", "<ul><li><a>One</a><li>Two</ul>",
        "<div class=teaser><h2>More</h2><p>Less</p></div>", "<table><tr><td>1<td>2</table>", "",
    ]),
    max_size=6,
).map("".join)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(fragments, min_size=1, max_size=4))
def test_a_page_has_the_same_features_alone_and_among_others(pages):
    together, where = features(*pages)
    cues = np.arange(len(together)) % 3 - 1.0
    columns = [index for index, name in enumerate(MARKUP_NAMES) if name != "cue words of siblings"]

    assert np.isfinite(together).all()
    assert len(cues) == where.n_lines
    for number, page in enumerate(pages):
        rows = slice(*where.first[number : number + 2])
        assert np.array_equal(features(page)[0][:, columns], together[rows][:, columns])

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.clusters import Cluster, Copies, Copy, JoinRule, cluster_to_join, components

RULE = JoinRule(share=0.5, compare=8, window=None)


def copy(rank, *, at=0, article=None, text=None, batch=0):
    return Copy(
        rank, batch, at, f"article {rank if article is None else article}", f"p{rank}", rank if text is None else text
    )


def cluster(name, *members, age=0):
    return Cluster(name, members[0].paragraph_id, age, len(members), list(members))


def test_a_paragraph_linked_to_the_founder_joins():
    wire = cluster("p0", *(copy(n) for n in range(6)))

    assert cluster_to_join(copy(9), [wire], {0: 0.4}, RULE) is wire


def test_one_link_among_many_members_is_no_way_in():
    wire = cluster("p0", *(copy(n) for n in range(6)))

    assert cluster_to_join(copy(9), [wire], {3: 0.9}, RULE) is None
    assert cluster_to_join(copy(9), [wire], {3: 0.9, 4: 0.9, 5: 0.9}, RULE) is wire


def test_only_the_first_members_are_compared():
    wire = cluster("p0", *(copy(n) for n in range(30)))

    assert cluster_to_join(copy(99), [wire], dict.fromkeys(range(4, 8), 0.5), RULE) is wire
    assert cluster_to_join(copy(99), [wire], dict.fromkeys(range(8, 30), 0.5), RULE) is None


def test_members_outside_the_window_or_of_the_same_article_are_not_compared():
    rule = JoinRule(share=0.5, compare=8, window=10)
    old = [copy(n, at=0) for n in range(5)]
    wire = cluster("p0", *old, copy(5, at=100), copy(6, at=100, article="own"))

    assert cluster_to_join(copy(9, at=105, article="own"), [wire], {5: 0.5}, rule) is wire
    assert cluster_to_join(copy(9, at=105, article="own"), [wire], {0: 0.9, 6: 0.9}, rule) is None


def test_the_founder_counts_as_all_then_jaccard_then_age_decide():
    by_founder, by_share = cluster("p0", copy(0), copy(1)), cluster("p2", copy(2), copy(3))
    assert cluster_to_join(copy(9), [by_share, by_founder], {0: 0.1, 3: 0.9}, RULE) is by_founder

    weak, strong = cluster("p4", copy(4)), cluster("p5", copy(5))
    assert cluster_to_join(copy(9), [weak, strong], {4: 0.4, 5: 0.6}, RULE) is strong

    young, old = cluster("p6", copy(6), age=6), cluster("p7", copy(7), age=2)
    assert cluster_to_join(copy(9), [young, old], {6: 0.4, 7: 0.4}, RULE) is old


def test_when_the_founder_is_gone_the_first_remaining_member_stands_for_it():
    wire = Cluster("gone", "p1", 0, 9, [copy(n) for n in range(1, 9)])

    assert cluster_to_join(copy(9), [wire], {1: 0.4}, RULE) is wire


PRINTS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 6), st.integers(0, 4), st.integers(0, 2)), max_size=25)


@given(PRINTS, st.sampled_from([None, 0, 2]))
def test_the_first_copy_is_the_one_a_plain_scan_finds(prints, window):
    times = {(batch, article): at for batch, at, article, _ in prints}  # an article has one own time
    ordered = sorted((batch, times[batch, article], f"{batch}.{article}", text) for batch, _, article, text in prints)
    rows = [Copy(rank, b, at, article, f"p{rank}", text) for rank, (b, at, article, text) in enumerate(ordered)]
    copies = Copies(window)
    for row in rows:
        copies.add(row)

    for row in rows:
        expected = [
            other
            for other in rows[: row.rank]
            if other.text_no == row.text_no and JoinRule(0.5, 8, window).reaches(row, other)
        ]
        assert copies.first(row.text_no, row) == (expected[0] if expected else None)


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=14))
def test_components_are_those_of_a_naive_search(pairs):
    left, right = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))

    found = components(12, left, right).tolist()

    groups = [{number} for number in range(12)]
    for one, other in pairs:
        merged = next(group for group in groups if one in group) | next(group for group in groups if other in group)
        groups = [group for group in groups if not group & merged] + [merged]
    assert found == [min(next(group for group in groups if number in group)) for number in range(12)]

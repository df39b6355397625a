"""What is warmed, in what order, and what of it in one call."""

from github_cache import asks, uses, warming
from github_cache.asks import Ask
from github_cache.warming import ALONE, BATCHED, FREE, Use

NOW = 1_000_000.0
CALLER = asks.pool_caller("acme")


def typed(name: str, resource: str = "languages", owner: str = "octo") -> Ask:
    return asks.typed(CALLER, resource, {"owner": owner, "repo": name})


def plain(name: str, owner: str = "octo") -> Ask:
    return asks.http(CALLER, f"/repos/{owner}/{name}/labels", "", accept="", api_version="")


def use(ask: Ask, weight: float = 1.0, fresh_until: float = 0.0, validated: bool = False, placed: bool = True) -> Use:
    return Use(ask, weight, fresh_until, validated, placed)


def test_what_stays_fresh_until_the_next_round_is_left_alone() -> None:
    due, fresh = use(plain("a"), fresh_until=NOW + 299), use(plain("b"), fresh_until=NOW + 300)
    assert warming.plan([due, fresh], NOW, 300) == (due,)


def test_what_is_used_most_for_its_cost_comes_first() -> None:
    rare, often = use(plain("a"), 1), use(plain("b"), 9)
    cheap = use(plain("c"), 1, validated=True)
    batched = use(typed("d"), 1)
    assert warming.plan([rare, often, cheap, batched], NOW, 300) == (cheap, often, batched, rare)


def test_a_round_has_an_end() -> None:
    assert len(warming.plan([use(plain(str(n))) for n in range(3_000)], NOW, 300)) == warming.MOST


def test_what_an_ask_costs() -> None:
    assert use(plain("a")).cost == ALONE
    assert use(plain("a"), validated=True).cost == FREE
    assert use(typed("a")).cost == BATCHED
    assert use(typed("a"), placed=False).cost == ALONE


def test_asks_of_one_resource_go_together_and_the_rest_alone() -> None:
    plan = [
        use(typed("a")),
        use(plain("b")),
        use(typed("c")),
        use(typed("d", "issues")),
        use(typed("e"), validated=True),
    ]
    found = {tuple(plan.index(each) for each in batch) for batch in warming.batches(plan)}
    assert found == {(0, 2), (1,), (3,), (4,)}


def test_batches_do_not_hold_up_what_is_used_most() -> None:
    plan = [use(typed(str(n))) for n in range(2 * warming.PORTION)]
    assert [len(batch) for batch in warming.batches(plan)] == [warming.PORTION] * 2


def test_owners_of_many_unknown_names_are_listed() -> None:
    unknown = [use(typed(name, owner="Many"), placed=False) for name in "abc"]
    few = [use(plain("x", owner="few"), placed=False), use(plain("x", owner="few"), placed=False)]
    known = [use(typed(name, owner="known")) for name in "abcd"]
    assert warming.owners_to_learn([*few, *unknown, *known]) == ("many",)


def test_a_use_counts_half_a_day_later() -> None:
    assert uses.faded(4.0, 0) == 4.0
    assert uses.faded(4.0, 86_400) == 2.0
    assert uses.faded(4.0, -5) == 4.0

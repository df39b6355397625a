"""The environment is checked at start, and every fault says what to type."""

from pathlib import Path

import pytest

from config import env_example
from config.env import Env, live_names
from config.reading import ConfigurationError, read

ROOT = Path(__file__).parents[2]


def test_an_empty_environment_gives_the_defaults() -> None:
    env = read({})
    assert env.public_url == "http://127.0.0.1:8000"
    assert env.graphql_url == "https://api.github.com/graphql"
    assert env.redis_url == ""
    assert env.window == 60
    assert env.tokens == ()


def test_an_empty_value_means_the_default() -> None:
    assert read({"HUBCACHE_PORT": ""}).HUBCACHE_PORT == 8000


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        ({"HUBCACHE_PORT": "eighty"}, "HUBCACHE_PORT: 'eighty' cannot be used"),
        ({"HUBCACHE_PORT": "70000"}, "HUBCACHE_PORT: '70000' cannot be used"),
        ({"REDIS_ENABLED": "perhaps"}, "REDIS_ENABLED: 'perhaps' cannot be used"),
        ({"GITHUB_API_MODE": "soap"}, "'auto', 'rest' or 'graphql'"),
        ({"GITHUB_API_URL": "api.github.com"}, "https://host"),
        ({"GITHUB_API_URL": "https://user:word@host"}, "without user or password"),
        ({"TRUSTED_PROXIES": "10.0.0.0/99"}, "TRUSTED_PROXIES"),
        ({"GITHUB_APP_ID": "12"}, "GITHUB_APP_PRIVATE_KEY is not"),
        ({"HUBCACHE_PROT": "80"}, "did you mean HUBCACHE_PORT?"),
        ({"GITHUB_TOKNE": "x"}, "did you mean GITHUB_TOKEN?"),
        ({"REDIS_ENABELD": "true"}, "did you mean REDIS_ENABLED?"),
        ({"HUBCACHE_COLOUR": "red"}, "HUBCACHE_COLOUR is not a setting"),
        ({"GITHUB_RESERVE_WARM": "1.5"}, "GITHUB_RESERVE_WARM"),
    ],
)
def test_a_fault_is_one_sentence_that_names_the_setting(pairs: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read(pairs)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as error:
        read({"HUBCACHE_PORT": "x", "REDIS_PORT": "y"})
    assert len(str(error.value).splitlines()) == 2


def test_a_secret_is_not_repeated_in_its_fault() -> None:
    with pytest.raises(ConfigurationError) as error:
        read({"GITHUB_APP_PRIVATE_KEY": "k", "GITHUB_APP_ID": "not-a-number"})
    assert "GITHUB_APP_ID" in str(error.value)
    assert "'k'" not in str(error.value)


def test_names_of_others_are_left_alone() -> None:
    assert read({"PATH": "/bin", "GITHUB_SHA": "abc", "GITHUB_REPOSITORY": "a/b", "REDISCLI_AUTH": "x"})


def test_a_name_in_dotenv_must_be_known() -> None:
    with pytest.raises(ConfigurationError, match="PORT is not a setting"):
        read({}, {"PORT": "80"})


def test_the_environment_wins_over_dotenv() -> None:
    assert read({"HUBCACHE_PORT": "81"}, {"HUBCACHE_PORT": "82"}).HUBCACHE_PORT == 81


def test_lists_are_comma_separated() -> None:
    env = read({"GITHUB_TOKENS": "a, b,,a", "GITHUB_TOKEN": "c", "RATELIMIT_EXEMPT": "10.0.0.0/8,::1"})
    assert env.tokens == ("c", "a", "b")
    assert env.RATELIMIT_EXEMPT == ("10.0.0.0/8", "::1")


@pytest.mark.parametrize(
    ("pairs", "url"),
    [
        ({"REDIS_URL": "redis://h:1"}, "redis://h:1/0"),
        ({"REDIS_URL": "redis://h:1", "REDIS_DB": "3"}, "redis://h:1/3"),
        ({"REDIS_URL": "redis://h:1/2", "REDIS_DB": "3"}, "redis://h:1/2"),
        ({"REDIS_URL": "unix:///tmp/r.sock?db=1"}, "unix:///tmp/r.sock?db=1"),
        ({"REDIS_HOST": "h", "REDIS_PASSWORD": "p@ss/"}, "redis://:p%40ss%2F@h:6379/0"),
        ({"REDIS_HOST": "h", "REDIS_URL": "redis://other/4"}, "redis://other/4"),
        ({"REDIS_URL": "redis://h:1", "REDIS_ENABLED": "false"}, ""),
    ],
)
def test_the_address_of_redis(pairs: dict[str, str], url: str) -> None:
    assert read(pairs).redis_url == url


@pytest.mark.parametrize(
    ("rest", "graphql"),
    [
        ("https://api.github.com/", "https://api.github.com/graphql"),
        ("https://ghe.example/api/v3", "https://ghe.example/api/graphql"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001/graphql"),
    ],
)
def test_the_graphql_address_is_derived(rest: str, graphql: str) -> None:
    assert read({"GITHUB_API_URL": rest}).graphql_url == graphql


def test_the_window_is_named_twice_and_one_wins() -> None:
    assert read({"CACHE_TTL_RATELIMIT": "30"}).window == 30
    assert read({"CACHE_TTL_RATELIMIT": "30", "RATELIMIT_WINDOW": "20"}).window == 20


def test_every_setting_says_what_it_does() -> None:
    assert all(field.description and field.description.endswith((".", ")")) for field in Env.model_fields.values())


def test_live_settings_have_a_form_field() -> None:
    assert {type(getattr(read({}), name)) for name in live_names()} <= {int, float, bool, str}


def test_the_example_is_up_to_date() -> None:
    assert (ROOT / ".env.example").read_text() == env_example.render()


def test_the_example_can_be_read_back() -> None:
    lines = [line[1:] for line in env_example.render().splitlines() if line.startswith("#") and "=" in line]
    pairs = dict(line.split("=", 1) for line in lines if not line.startswith(" "))
    assert set(pairs) == set(Env.model_fields)
    assert read(pairs) == read({})


def test_what_is_not_given_is_taken_from_what_runs() -> None:
    given = {"HUBCACHE_DATA_DIR": "/data", "GITHUB_TOKEN": "", "SANDBOX_PORT": "1"}
    told = {Path("/data"): {"GITHUB_TOKEN": "t", "SANDBOX_PORT": "2"}}
    env = read({"HUBCACHE_ORG": "ours"}, given, told.get)
    assert (env.GITHUB_TOKEN, env.SANDBOX_PORT, env.HUBCACHE_ORG) == ("t", 1, "ours")
    assert read({}, {}, told.get).GITHUB_TOKEN == ""

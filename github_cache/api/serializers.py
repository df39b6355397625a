"""What the API takes and gives: parameters are checked by these; answers are sent as bytes, and described by them."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from github_cache.resources import KIND_NAMES

STATES = ("open", "closed", "all")


class OnlyKnownFields(serializers.Serializer[Any]):
    """A body in which a misspelt field is refused: left out in silence it would change what the others ask for."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(data.keys() - self.fields.keys()) if isinstance(data, Mapping) else []
        if unknown:
            there_are = f"There is no such field; there are: {', '.join(self.fields)}."
            raise serializers.ValidationError({name: [there_are] for name in unknown})
        return super().to_internal_value(data)


class ReadParameters(serializers.Serializer[Any]):
    use_cache = serializers.BooleanField(default=True, help_text="`false`: GitHub is asked, whatever is kept.")


class PagesParameters(ReadParameters):
    page = serializers.IntegerField(default=1, min_value=1, max_value=100_000)
    per_page = serializers.IntegerField(default=30, min_value=1, max_value=100)


class PullsParameters(PagesParameters):
    state = serializers.ChoiceField(choices=STATES, default="open")


class IssuesParameters(PullsParameters):
    labels = serializers.CharField(required=False, max_length=1000, help_text="Names, comma-separated; all must fit.")
    since = serializers.DateTimeField(required=False, help_text="Changed at or after this time.")

    def validate_since(self, since: Any) -> str:
        # strftime does not pad the years before 1000.
        return f"{since.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()


class _Owner(serializers.Serializer[Any]):
    login = serializers.CharField()
    type = serializers.CharField()


class RepositorySerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    node_id = serializers.CharField()
    name = serializers.CharField()
    full_name = serializers.CharField()
    owner = _Owner()
    description = serializers.CharField(allow_null=True)
    html_url = serializers.URLField()
    homepage = serializers.CharField(allow_null=True)
    visibility = serializers.ChoiceField(choices=("public", "private", "internal"))
    private = serializers.BooleanField()
    fork = serializers.BooleanField()
    archived = serializers.BooleanField()
    disabled = serializers.BooleanField()
    is_template = serializers.BooleanField()
    default_branch = serializers.CharField(allow_null=True)
    language = serializers.CharField(allow_null=True)
    topics = serializers.ListField(child=serializers.CharField())
    license = serializers.CharField(allow_null=True)
    stargazers_count = serializers.IntegerField()
    forks_count = serializers.IntegerField()
    watchers_count = serializers.IntegerField()
    open_issues_count = serializers.IntegerField()
    size = serializers.IntegerField()
    has_issues = serializers.BooleanField()
    created_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField(allow_null=True)
    pushed_at = serializers.DateTimeField(allow_null=True)


class WorkflowSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    path = serializers.CharField()
    state = serializers.CharField()


class SettingsSerializer(OnlyKnownFields):
    """The settings of a repository that may be changed here; GitHub judges their values."""

    name = serializers.RegexField(r"^[A-Za-z0-9._-]{1,100}$", required=False)
    description = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=350)
    homepage = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=255)
    private = serializers.BooleanField(required=False)
    visibility = serializers.ChoiceField(choices=("public", "private", "internal"), required=False)
    default_branch = serializers.CharField(required=False, max_length=255)
    archived = serializers.BooleanField(required=False)
    is_template = serializers.BooleanField(required=False)
    has_issues = serializers.BooleanField(required=False)
    has_projects = serializers.BooleanField(required=False)
    has_wiki = serializers.BooleanField(required=False)
    allow_squash_merge = serializers.BooleanField(required=False)
    allow_merge_commit = serializers.BooleanField(required=False)
    allow_rebase_merge = serializers.BooleanField(required=False)
    allow_auto_merge = serializers.BooleanField(required=False)
    delete_branch_on_merge = serializers.BooleanField(required=False)


class LabelChangesSerializer(OnlyKnownFields):
    label_name = serializers.CharField(required=False, max_length=50, help_text="The new name.")
    color = serializers.RegexField(r"^[0-9A-Fa-f]{6}$", required=False, help_text="Six hex digits, without #.")
    description = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=100)


class NewLabelSerializer(LabelChangesSerializer):
    label_name = serializers.CharField(max_length=50)


class LabelSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    color = serializers.CharField()
    description = serializers.CharField(allow_null=True)
    default = serializers.BooleanField()


class InvalidatedSerializer(serializers.Serializer[Any]):
    status = serializers.CharField()
    repository = serializers.CharField()
    epochs = serializers.IntegerField(help_text="Kinds of things that are asked for anew.")
    entries = serializers.IntegerField(help_text="Entries that were deleted.")


class ClearSerializer(OnlyKnownFields):
    """What is cleared: everything of the tenant without a body, else what the fields name."""

    organization = serializers.CharField(required=False, max_length=100)
    repository = serializers.CharField(required=False, max_length=201, help_text="OWNER/NAME")
    kind = serializers.ChoiceField(
        choices=KIND_NAMES, required=False, help_text="Of an organisation, a repository, or all."
    )
    url = serializers.CharField(required=False, max_length=4096, help_text="A path of GitHub's REST API: `/repos/…`.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        places = [name for name in ("organization", "repository", "url") if attrs.get(name)]
        if len(places) > 1:
            raise serializers.ValidationError(f"Name one of {', '.join(places)}, not several.")
        if "kind" in attrs and places == ["url"]:
            raise serializers.ValidationError({"kind": "A URL is of one kind already."})
        return attrs


class ClearedSerializer(serializers.Serializer[Any]):
    status = serializers.CharField()
    cleared = serializers.CharField(help_text="What it was.")
    epochs = serializers.IntegerField()
    entries = serializers.IntegerField()


class BucketSerializer(serializers.Serializer[Any]):
    limit = serializers.IntegerField()
    remaining = serializers.IntegerField()
    reset = serializers.DateTimeField(allow_null=True)
    used = serializers.IntegerField()
    percentage_used = serializers.FloatField()


class AccountSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    rate_limits = serializers.DictField(child=BucketSerializer())


class RateLimitsSerializer(serializers.Serializer[Any]):
    status = serializers.CharField()
    rate_limits = serializers.DictField(child=BucketSerializer())
    accounts = AccountSerializer(many=True)

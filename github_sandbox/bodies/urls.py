"""*pure*. What the URLs in bodies begin with: the API's own address, and that of the web pages."""

from dataclasses import dataclass

from github_sandbox.entities import Account, Repository


@dataclass(frozen=True, slots=True)
class Urls:
    """Both without a slash at the end."""

    api: str
    html: str

    def repo(self, repository: Repository) -> str:
        return f"{self.api}/repos/{repository.full_name}"

    def repo_html(self, repository: Repository) -> str:
        return f"{self.html}/{repository.full_name}"

    def user(self, account: Account) -> str:
        return f"{self.api}/users/{account.login}"

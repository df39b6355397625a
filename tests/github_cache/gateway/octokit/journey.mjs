// What a program of octokit's does, step by step; prints one JSON object. Arguments: base URL, token, owner, repository.
import { Octokit } from "octokit";

const [baseUrl, auth, owner, repo] = process.argv.slice(2);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const octokit = new Octokit({ baseUrl, auth, log: quiet, throttle: { enabled: false }, retry: { enabled: false } });
const plain = { owner, repo, path: "README.md" };

const repositories = await octokit.paginate(octokit.rest.repos.listForOrg, { org: owner, per_page: 10 });
const issues = await octokit.paginate(octokit.rest.issues.listForRepo, { owner, repo, per_page: 20 });
const asJson = await octokit.rest.repos.getContent(plain);
const raw = await octokit.rest.repos.getContent({ ...plain, mediaType: { format: "raw" } });
await octokit.rest.issues.createLabel({ owner, repo, name: "from octokit", color: "00ff00" });
const labels = await octokit.paginate(octokit.rest.issues.listLabelsForRepo, { owner, repo });
const query = "query($owner: String!, $repo: String!) { repository(owner: $owner, name: $repo) { nameWithOwner } }";
const graphql = await octokit.graphql(query, { owner, repo });
await octokit.rest.repos.update({ owner, repo, name: `${repo}-renamed` });
const renamed = await octokit.rest.repos.get({ owner, repo });

console.log(
  JSON.stringify({
    repositories: repositories.length,
    issues: issues.length,
    json: Buffer.from(asJson.data.content, "base64").toString(),
    raw: raw.data,
    labels: labels.map((label) => label.name),
    graphql: graphql.repository.nameWithOwner,
    renamed: renamed.data.full_name,
  }),
);

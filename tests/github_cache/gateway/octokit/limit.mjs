// octokit as it comes, which throttles and retries by itself, meets a limit; prints what it got in the end.
import { Octokit } from "octokit";

const [baseUrl, auth, owner, repo] = process.argv.slice(2);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const octokit = new Octokit({ baseUrl, auth, log: quiet });
const found = await octokit.rest.repos.get({ owner, repo });
console.log(JSON.stringify({ name: found.data.full_name }));

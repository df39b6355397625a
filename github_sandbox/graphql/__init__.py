"""The GraphQL half of the sandbox GitHub: a part of GitHub's own schema, executed for real over the world."""

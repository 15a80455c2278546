// The keys of the section `patchwork`.

#include "app/config_parts.hpp"

namespace patchmill::app {
namespace {

void add_projects(std::vector<KeySpec>& keys) {
  using enum KeyType;
  keys.insert(
      keys.end(),
      {{"patchwork", "projects", sections,
        "The projects: each is one list, or the part of it that `subject-match` takes. One that is "
        "taken out of this file is kept.",
        "", ""},
       {"patchwork.projects", "link-name", name,
        "How the project is called in addresses and by its clients; it may be written in another "
        "case later, but not be another word: that would be another project.",
        "", "ltp", true},
       {"patchwork.projects", "name", text, "How people call it.",
        "as it was; `link-name` for a new one", "Linux Test Project"},
       {"patchwork.projects", "list-id", text,
        "The List-Id of its mails. A mail on the lists of two projects is a patch of both.", "",
        "ltp.lists.linux.it", true},
       {"patchwork.projects", "list-email", text, "The address of the list.",
        "as it was; none for a new one", "ltp@lists.linux.it"},
       {"patchwork.projects", "subject-match", text,
        "A regular expression. Of several projects with one `list-id` a mail belongs to the first "
        "whose expression is found in its subject, in any case, else to the one without.",
        "every subject", "\"\\\\[[^]]*iproute2\""},
       {"patchwork.projects", "web-url", text, "The project's pages.",
        "as it was; none for a new one", "https://linux-test-project.readthedocs.io/"},
       {"patchwork.projects", "scm-url", text, "The address git clones.",
        "as it was; none for a new one", "https://github.com/linux-test-project/ltp.git"},
       {"patchwork.projects", "webscm-url", text, "The repository for people.",
        "as it was; none for a new one", "https://github.com/linux-test-project/ltp"},
       {"patchwork.projects", "list-archive-url", text, "The archive of the list.",
        "as it was; none for a new one", "https://lore.kernel.org/ltp"},
       {"patchwork.projects", "list-archive-url-format", text,
        "A mail in the archive; `{}` stands for its Message-ID.", "as it was; none for a new one",
        "\"https://lore.kernel.org/ltp/{}/\""},
       {"patchwork.projects", "commit-url-format", text,
        "A commit for people; `{}` stands for its id.", "as it was; none for a new one",
        "\"https://github.com/linux-test-project/ltp/commit/{}\""},
       {"patchwork.projects", "show-dependencies", boolean,
        "Show which series build on which (API 1.4).", "as it was; false for a new one", "true"},
       {"patchwork.projects", "maintainers", words,
        "Usernames of those who may change every patch.", "none", "[ann]"},
       {"patchwork.projects", "delegation", sections,
        "Who a new patch is delegated to when all its files are his.", "", ""},
       {"patchwork.projects.delegation", "path", text, "A shell pattern of files; `*` crosses `/`.",
        "", "\"drivers/net/*\"", true},
       {"patchwork.projects.delegation", "user", text, "A username.", "", "ann", true},
       {"patchwork.projects.delegation", "priority", integer,
        "Of several patterns that fit the highest counts.", "0", "10"}});
}

void add_webhooks(std::vector<KeySpec>& keys) {
  using enum KeyType;
  keys.insert(
      keys.end(),
      {{"patchwork.projects", "webhooks", sections,
        "Addresses that are told what happens (docs/webhooks.md), by `patchmill serve`.", "", ""},
       {"patchwork.projects.webhooks", "url", text,
        "Where it is posted. Redirects are not followed. Only scheme, host and port are ever "
        "shown.",
        "", "https://ci.example.org/hooks/patches", true},
       {"patchwork.projects.webhooks",
        "events",
        words,
        "What is told: `created` (patches, covers, series), `completed` (patches, series), "
        "`state`, `delegate` and `relation` (of patches), `check`, `comment`.",
        "all of them",
        "[completed, state]",
        false,
        {"created", "completed", "state", "delegate", "relation", "check", "comment"}},
       {"patchwork.projects.webhooks", "secret", KeyType::secret,
        "The key of the signature in `X-Patchmill-Signature-256`.", "none: nothing is signed",
        "{file: /etc/patchmill/webhook-secret}"},
       {"patchwork.projects.webhooks", "private-address", boolean,
        "The address may be of this machine or of a private network.", "false", "true"}});
}

void add_others(std::vector<KeySpec>& keys) {
  using enum KeyType;
  keys.insert(
      keys.end(),
      {{"patchwork", "users", sections,
        "Those who may change things. One that is taken out of this file is kept.", "", ""},
       {"patchwork.users", "username", name, "Who he is in addresses and in `maintainers`.", "",
        "ann", true},
       {"patchwork.users", "first-name", text, "For people.", "as it was; none for a new one",
        "Ann"},
       {"patchwork.users", "last-name", text, "For people.", "as it was; none for a new one",
        "Ample"},
       {"patchwork.users", "email", text,
        "The address patches come from and are delegated to (X-Patchwork-Delegate).",
        "as it was; none for a new one", "ann@example.org"},

       {"patchwork", "states", sections,
        "States of patches besides Patchwork's ten (new, under-review, accepted, rejected, rfc, "
        "not-applicable, changes-requested, awaiting-upstream, superseded, deferred), or other "
        "names for these.",
        "", ""},
       {"patchwork.states", "name", text, "How people read it.", "", "Needs ACK", true},
       {"patchwork.states", "slug", text, "How clients write it.", "made of `name`", "needs_ack"},
       {"patchwork.states", "id", integer,
        "The number clients know it by. kernel-patches-daemon wants 13 for `queued` and 15 for "
        "`needs_ack`. One that exists gets this name and slug.",
        "the next free one", "15"},
       {"patchwork.states", "action-required", boolean,
        "Somebody has something to do: such patches are in lists that show no others.",
        "as it was; false for a new one", "true"},

       {"patchwork",
        "set-states",
        words,
        "States that patches of all projects get by themselves, by `patchmill serve`: "
        "`under-review` when tests begin, `changes-requested` when they fail, `accepted` when a "
        "tree has them, `superseded` when a newer revision is here. Where somebody has set one, "
        "never.",
        "none",
        "[accepted, superseded]",
        false,
        {"under-review", "changes-requested", "accepted", "superseded"}},

       {"patchwork", "checks-by", name,
        "The user, one of `users`, as whose checks the patches of all projects get what `patchmill "
        "serve` finds out about them.",
        "none", "ci"},
       {"patchwork", "check-prefix", text,
        "What the contexts of these checks begin with: letters, digits, `-` and `_`.", "patchmill",
        "ourci"},

       {"patchwork", "tags", section, "Trailers that are counted in patches and their comments.",
        "", ""},
       {"patchwork.tags", "acked", words, "Counted as A.", "Acked-by", "[Acked-by]"},
       {"patchwork.tags", "reviewed", words, "Counted as R.", "Reviewed-by",
        "[Reviewed-by, Reviewed-and-tested-by]"},
       {"patchwork.tags", "tested", words, "Counted as T.", "Tested-by",
        "[Tested-by, Reviewed-and-tested-by]"}});
}

}  // namespace

std::vector<KeySpec> patchwork_keys() {
  std::vector<KeySpec> keys = {
      {"", "patchwork", KeyType::section,
       "Projects, users and states of the Patchwork that patchmill is for clients like git-pw, "
       "pwclient and b4. Without `projects` there is none.",
       "", ""}};
  add_projects(keys);
  add_webhooks(keys);
  add_others(keys);
  return keys;
}

}  // namespace patchmill::app

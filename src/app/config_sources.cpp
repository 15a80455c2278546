// The section `sources`: where mail comes from.

#include "app/config_parts.hpp"
#include "app/config_reader.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <map>

namespace patchmill::app {
namespace {

using intake::Security;

std::chrono::milliseconds duration_of(const YamlValue& map, std::string_view key,
                                      std::chrono::milliseconds standard) {
  const YamlValue* value = map.find(key);
  const auto seconds = value != nullptr ? parse_duration_seconds(value->scalar) : std::nullopt;
  return seconds ? std::chrono::seconds(*seconds) : standard;
}

unsigned port_of(const YamlValue& map, unsigned standard) {
  const YamlValue* value = map.find("port");
  const auto port = value != nullptr ? parse_uint(value->scalar) : std::nullopt;
  return port ? static_cast<unsigned>(std::min<std::uint64_t>(*port, 1'000'000)) : standard;
}

Security security_of(std::string_view word) {
  return word == "plain"      ? Security::plain
         : word == "starttls" ? Security::starttls
                              : Security::tls;
}

}  // namespace

std::vector<KeySpec> source_keys() {
  using enum KeyType;
  return {
      {"", "sources", sections,
       "Where mail comes from: read once by `patchmill import` without a path, followed by "
       "`patchmill serve`. Each has one of `url`, `imap`, `nntp` and `patchwork`.",
       "", ""},
      {"sources", "name", name, "How the source is called in messages.", "", "ltp", true},
      {"sources", "url", url,
       "An mbox, a maildir, or a public-inbox (v1 or v2), by path, or by URL without a login.", "",
       "https://lore.kernel.org/ltp"},
      {"sources", "list-id", text, "The List-Id its mails belong to, whatever their headers say.",
       "what the mail says", "ltp.lists.linux.it"},
      {"sources", "interval", duration, "How often to look where nobody announces mails.",
       "by kind: a minute for what is far away", "2m"},
      {"sources", "ca-file", path, "Certificates to trust instead of the system's.", "the system's",
       "/etc/ssl/ours.pem"},
      {"sources", "proxy", text, "A proxy for its connections, one without a login.",
       "none; for a `url`, from the environment", "socks5h://127.0.0.1:9050"},
      {"sources", "take", sections,
       "Which series of this source are tested: those that one of these clauses fits, each with "
       "all its conditions. Everything is stored in any case.",
       "all", ""},
      {"sources", "imap", section, "Folders of an IMAP account.", "", ""},
      {"sources", "nntp", section, "Groups of a news server.", "", ""},
      {"sources", "patchwork", section, "Projects of somebody else's Patchwork.", "", ""},

      {"sources.imap", "host", text, "The server.", "", "imap.example.org", true},
      {"sources.imap", "port", integer, "Its port.", "993, or 143 without `tls`", "993"},
      {"sources.imap",
       "security",
       choice,
       "`tls` from the first byte, `starttls`, or `plain` (nothing is encrypted).",
       "tls",
       "starttls",
       false,
       {"tls", "starttls", "plain"}},
      {"sources.imap", "user", text, "Who logs in.", "", "ci@example.org", true},
      {"sources.imap", "password", secret, "The password, or an access token; read at each login.",
       "", "{file: /etc/patchmill/imap-password}", true},
      {"sources.imap",
       "auth",
       choice,
       "`best` (PLAIN where offered, else LOGIN), `login`, `plain`, or `xoauth2` (the password is "
       "an access token).",
       "best",
       "xoauth2",
       false,
       {"best", "login", "plain", "xoauth2"}},
      {"sources.imap", "folders", words, "Each is followed by a connection of its own.", "[INBOX]",
       "[INBOX, Lists/ltp]"},
      {"sources.imap", "mark-seen", boolean,
       "Mark stored mails as read. Else nothing in the account is ever changed.", "false", "true"},
      {"sources.imap", "idle-renewal", duration,
       "How long to trust a quiet connection; less than 29 minutes.", "9m", "5m"},

      {"sources.nntp", "host", text, "The server.", "", "nntp.lore.kernel.org", true},
      {"sources.nntp", "port", integer, "Its port.", "563, or 119 with `plain`", "119"},
      {"sources.nntp",
       "security",
       choice,
       "`tls` or `plain`.",
       "tls",
       "plain",
       false,
       {"tls", "plain"}},
      {"sources.nntp", "user", text, "Who logs in.", "nobody", "ci"},
      {"sources.nntp", "password", secret, "The password.", "none", "{env: NNTP_PASSWORD}"},
      {"sources.nntp", "groups", words, "Each is followed by itself.", "",
       "[org.kernel.vger.netdev]", true},

      {"sources.patchwork", "url", text, "The address of its front page.", "",
       "https://patchwork.kernel.org", true},
      {"sources.patchwork", "projects", words,
       "By link name, number or name; each is followed by itself.", "", "[netdevbpf]", true},
      {"sources.patchwork", "token", secret,
       "The API token of a user who is a maintainer of the projects there; reading needs none.",
       "none", "{file: /etc/patchmill/patchwork-token}"},
      {"sources.patchwork", "user", text,
       "Who logs in at a Patchwork of the freedesktop edition, which has no tokens: a maintainer "
       "of the projects there; reading needs nobody.",
       "none", "ourci"},
      {"sources.patchwork", "password", secret, "The password of `user`.", "none",
       "{file: /etc/patchmill/patchwork-password}"},
      {"sources.patchwork", "checks", boolean,
       "Post what is found out as checks on the patches; as test results on the revision, where "
       "the Patchwork is of the freedesktop edition.",
       "true where there is a token or a password", "false"},
      {"sources.patchwork", "check-prefix", text,
       "What the contexts of the checks begin with: letters, digits, `-` and `_`.", "patchmill",
       "ourci"},
      {"sources.patchwork",
       "set-states",
       words,
       "States that patches get by themselves: `under-review` when tests begin, "
       "`changes-requested` when they fail, `accepted` when a tree has them, `superseded` when a "
       "newer revision is here. Where a person has set one, never.",
       "none",
       "[under-review, superseded]",
       false,
       {"under-review", "changes-requested", "accepted", "superseded"}},
      {"sources.patchwork", "set-delegates", sections,
       "Whom a patch that is new gets as its delegate where it has none: the first of these that "
       "fits, with all its conditions.",
       "nobody", ""},
      {"sources.patchwork.set-delegates", "user", text,
       "A username there, of a maintainer of the project.", "", "kuba", true},
      {"sources.patchwork.set-delegates", "path", words,
       "Every file of the patch fits one of these; `*` crosses `/`.", "any", "[\"drivers/net/*\"]"},
      {"sources.patchwork.set-delegates", "list", words, "List-Ids.", "any",
       "[netdev.vger.kernel.org]"},
      {"sources.patchwork.set-delegates", "tag", words, "Words in the subject's brackets.", "any",
       "[net-next]"},
      {"sources.patchwork.set-delegates", "subject", words, "Subjects, with their brackets.", "any",
       "[\"*mlx5*\"]"},
      {"sources.patchwork", "backlog", duration,
       "How far back to begin the first time; in whole days.", "7d", "30d"},
  };
}

intake::Secret ConfigReader::secret(const YamlValue& map, std::string_view key) const {
  intake::Secret secret;
  if (const YamlValue* value = map.find(key)) {
    if (const YamlValue* file = value->find("file")) {
      secret.file = path(*file).string();
    } else if (const YamlValue* env = value->find("env")) {
      secret.env = env->scalar;
    }
  }
  return secret;
}

intake::SourceSpec ConfigReader::read_imap(const YamlValue& item, const YamlValue& imap) const {
  static const std::map<std::string_view, intake::ImapAuth> auths = {
      {"login", intake::ImapAuth::login},
      {"plain", intake::ImapAuth::plain},
      {"xoauth2", intake::ImapAuth::xoauth2}};
  intake::ImapSpec spec;
  auto& account = spec.account;
  account.server = read_endpoint(item, imap);
  account.server.port = port_of(imap, intake::default_imap_port(account.server.security));
  account.user = word(imap, "user");
  account.secret = secret(imap, "password");
  const auto auth = auths.find(word(imap, "auth"));
  account.auth = auth != auths.end() ? auth->second : intake::ImapAuth::best;
  account.mark_seen = word(imap, "mark-seen") == "true";
  account.interval = duration_of(item, "interval", account.interval);
  account.idle_renewal = duration_of(imap, "idle-renewal", account.idle_renewal);
  if (imap.find("folders") != nullptr) {
    spec.folders = words(imap, "folders");
  }
  return {"", "", std::move(spec)};
}

intake::SourceSpec ConfigReader::read_nntp(const YamlValue& item, const YamlValue& nntp) const {
  intake::NntpSpec spec;
  auto& account = spec.account;
  account.server = read_endpoint(item, nntp);
  account.server.port = port_of(nntp, intake::default_nntp_port(account.server.security));
  account.user = word(nntp, "user");
  account.secret = secret(nntp, "password");
  account.interval = duration_of(item, "interval", account.interval);
  spec.groups = words(nntp, "groups");
  return {"", "", std::move(spec)};
}

intake::SourceSpec ConfigReader::read_patchwork(const YamlValue& item,
                                                const YamlValue& patchwork) const {
  intake::PatchworkSpec spec;
  spec.url = word(patchwork, "url");
  spec.projects = words(patchwork, "projects");
  spec.token = secret(patchwork, "token");
  spec.user = word(patchwork, "user");
  spec.password = secret(patchwork, "password");
  spec.checks = patchwork.find("checks") != nullptr ? word(patchwork, "checks") == "true"
                                                    : !spec.credential().empty();
  if (patchwork.find("check-prefix") != nullptr) {
    spec.check_prefix = word(patchwork, "check-prefix");
  }
  spec.states = words(patchwork, "set-states");
  if (const YamlValue* rules = patchwork.find("set-delegates")) {
    for (const YamlValue& rule : rules->items) {
      spec.delegates.push_back({word(rule, "user"), words(rule, "path"), words(rule, "list"),
                                words(rule, "tag"), words(rule, "subject")});
    }
  }
  const auto backlog = std::chrono::duration_cast<std::chrono::days>(
      duration_of(patchwork, "backlog", std::chrono::days(spec.backlog_days)));
  spec.backlog_days = static_cast<unsigned>(std::clamp<std::int64_t>(backlog.count(), 0, 36500));
  spec.interval = duration_of(item, "interval", spec.interval);
  spec.proxy = word(item, "proxy");
  if (const YamlValue* file = item.find("ca-file")) {
    spec.ca_file = path(*file).string();
  }
  return {"", "", std::move(spec)};
}

intake::Endpoint ConfigReader::read_endpoint(const YamlValue& item, const YamlValue& server) const {
  intake::Endpoint endpoint;
  endpoint.host = word(server, "host");
  endpoint.security = security_of(word(server, "security"));
  if (const YamlValue* file = item.find("ca-file")) {
    endpoint.ca_file = path(*file).string();
  }
  endpoint.proxy = word(item, "proxy");
  return endpoint;
}

void ConfigReader::read_sources(Config& config) {
  for (const YamlValue& item : items("sources").items) {
    refuse_twice(item, config.sources, "source");
    const YamlValue* proxy = item.find("proxy");
    if (proxy != nullptr && proxy->scalar.find('@') != std::string::npos) {
      // Not repeated: there may be a password in it.
      fault(*proxy,
            "a login does not belong in the proxy's address; name a proxy that asks for none, such "
            "as one on this machine");
    }
    const YamlValue* place = item.find("url");
    const YamlValue* imap = item.find("imap");
    const YamlValue* nntp = item.find("nntp");
    const YamlValue* patchwork = item.find("patchwork");
    if ((place != nullptr) + (imap != nullptr) + (nntp != nullptr) + (patchwork != nullptr) != 1) {
      if (!item.doubtful) {
        fault(*item.find("name"),
              "a source has exactly one of 'url', 'imap', 'nntp' and 'patchwork'");
      }
      continue;
    }
    intake::SourceSpec spec;
    if (imap != nullptr) {
      spec = read_imap(item, *imap);
    } else if (nntp != nullptr) {
      spec = read_nntp(item, *nntp);
    } else if (patchwork != nullptr) {
      spec = read_patchwork(item, *patchwork);
    } else {
      intake::PlaceSpec where;
      where.place = url(*place);
      where.interval = duration_of(item, "interval", where.interval);
      where.proxy = word(item, "proxy");
      if (const YamlValue* file = item.find("ca-file")) {
        where.ca_file = path(*file).string();
      }
      spec.kind = std::move(where);
    }
    spec.name = word(item, "name");
    spec.list_id = to_lower(word(item, "list-id"));
    read_take(spec, item);
    if (!is_doubtful(item)) {
      for (const Error& problem : intake::check_source(spec)) {
        fault(*item.find("name"), problem.message);
      }
    }
    config.sources.push_back(std::move(spec));
  }
}

}  // namespace patchmill::app

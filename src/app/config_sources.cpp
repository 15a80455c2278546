// The section `sources`: where mail comes from.

#include "app/config_parts.hpp"
#include "app/config_reader.hpp"
#include "util/text.hpp"

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
  return word == "plain" ? Security::plain : word == "starttls" ? Security::starttls : Security::tls;
}

}  // namespace

std::vector<KeySpec> source_keys() {
  using enum KeyType;
  return {
      {"", "sources", sections,
       "Where mail comes from: read once by `patchmill import` without a path, followed by "
       "`patchmill serve`. Each has one of `url`, `imap` and `nntp`.",
       "", ""},
      {"sources", "name", name, "How the source is called in messages.", "", "ltp", true},
      {"sources", "url", url,
       "An mbox, a maildir, or a public-inbox (v1 or v2), by path or URL.", "",
       "https://lore.kernel.org/ltp"},
      {"sources", "list-id", text, "The List-Id its mails belong to, whatever their headers say.",
       "what the mail says", "ltp.lists.linux.it"},
      {"sources", "interval", duration, "How often to look where nobody announces mails.",
       "by kind: a minute for what is far away", "2m"},
      {"sources", "ca-file", path, "Certificates to trust instead of the system's.",
       "the system's", "/etc/ssl/ours.pem"},
      {"sources", "proxy", text, "A proxy for its connections.",
       "none; for a `url`, from the environment", "socks5h://127.0.0.1:9050"},
      {"sources", "imap", section, "Folders of an IMAP account.", "", ""},
      {"sources", "nntp", section, "Groups of a news server.", "", ""},

      {"sources.imap", "host", text, "The server.", "", "imap.example.org", true},
      {"sources.imap", "port", integer, "Its port.", "993, or 143 without `tls`", "993"},
      {"sources.imap", "security", choice,
       "`tls` from the first byte, `starttls`, or `plain` (nothing is encrypted).", "tls",
       "starttls", false, {"tls", "starttls", "plain"}},
      {"sources.imap", "user", text, "Who logs in.", "", "ci@example.org", true},
      {"sources.imap", "password", secret, "The password, or an access token; read at each login.",
       "", "{file: /etc/patchmill/imap-password}", true},
      {"sources.imap", "auth", choice,
       "`best` (PLAIN where offered, else LOGIN), `login`, `plain`, or `xoauth2` (the password is "
       "an access token).",
       "best", "xoauth2", false, {"best", "login", "plain", "xoauth2"}},
      {"sources.imap", "folders", words, "Each is followed by a connection of its own.", "[INBOX]",
       "[INBOX, Lists/ltp]"},
      {"sources.imap", "mark-seen", boolean,
       "Mark stored mails as read. Else nothing in the account is ever changed.", "false", "true"},
      {"sources.imap", "idle-renewal", duration,
       "How long to trust a quiet connection; less than 29 minutes.", "9m", "5m"},

      {"sources.nntp", "host", text, "The server.", "", "nntp.lore.kernel.org", true},
      {"sources.nntp", "port", integer, "Its port.", "563, or 119 with `plain`", "119"},
      {"sources.nntp", "security", choice, "`tls` or `plain`.", "tls", "plain", false,
       {"tls", "plain"}},
      {"sources.nntp", "user", text, "Who logs in.", "nobody", "ci"},
      {"sources.nntp", "password", secret, "The password.", "none",
       "{env: NNTP_PASSWORD}"},
      {"sources.nntp", "groups", words, "Each is followed by itself.", "",
       "[org.kernel.vger.netdev]", true},
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
    const YamlValue* place = item.find("url");
    const YamlValue* imap = item.find("imap");
    const YamlValue* nntp = item.find("nntp");
    if ((place != nullptr) + (imap != nullptr) + (nntp != nullptr) != 1) {
      fault(*item.find("name"), "a source has exactly one of 'url', 'imap' and 'nntp'");
      continue;
    }
    intake::SourceSpec spec;
    if (imap != nullptr) {
      spec = read_imap(item, *imap);
    } else if (nntp != nullptr) {
      spec = read_nntp(item, *nntp);
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
    for (const Error& problem : intake::check_source(spec)) {
      fault(*item.find("name"), problem.message);
    }
    config.sources.push_back(std::move(spec));
  }
}

}  // namespace patchmill::app

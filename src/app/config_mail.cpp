// Who we are in mail, and where mail leaves.

#include "app/config_keys.hpp"
#include "app/config_reader.hpp"
#include "mail/address.hpp"
#include "mail/header_encode.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>

namespace patchmill::app {
namespace {

delivery::Tls tls_from(std::string_view word) {
  if (word == "implicit") {
    return delivery::Tls::implicit;
  }
  if (word == "opportunistic") {
    return delivery::Tls::opportunistic;
  }
  return word == "never" ? delivery::Tls::never : delivery::Tls::required;
}

mail::BodyEncoding encoding_from(std::string_view word) {
  if (word == "8bit") {
    return mail::BodyEncoding::eight_bit;
  }
  if (word == "quoted-printable") {
    return mail::BodyEncoding::quoted_printable;
  }
  return word == "base64" ? mail::BodyEncoding::base64 : mail::BodyEncoding::automatic;
}

bool is_web_address(std::string_view text) {
  return (text.starts_with("https://") || text.starts_with("http://")) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f;
         });
}

}  // namespace

std::optional<mail::Address> ConfigReader::mail_address(const YamlValue& value) {
  // Mails are read with patience for what people wrote; here they can write it properly.
  const std::string& text = value.scalar;
  const auto found = mail::parse_addresses(text, mail::AddressField::author);
  if (found.size() == 1 && mail::is_plain_address(found[0].email) &&
      (text == found[0].email || text.find("<" + found[0].email + ">") != std::string::npos)) {
    return found[0];
  }
  fault(value, fmt::format("'{}' is not one mail address like `Carla Admin <carla@example.org>`",
                           escape_terminal(ellipsize(value.scalar, 100))));
  return std::nullopt;
}

std::string ConfigReader::web_address(const YamlValue& map, std::string_view key) {
  const YamlValue* value = map.find(key);
  if (value == nullptr) {
    return "";
  }
  if (!is_web_address(value->scalar)) {
    fault(*value, fmt::format("'{}' is no address of a page: write https://… without blanks", key));
  }
  return value->scalar;
}

void ConfigReader::read_identity(reports::MailConfig& mail, const YamlValue& section) {
  reports::Identity& identity = mail.reporter.identity;
  if (const YamlValue* from = section.find("from")) {
    identity.from = mail_address(*from).value_or(mail::Address{});
  }
  if (const YamlValue* reply_to = section.find("reply-to")) {
    identity.reply_to = mail_address(*reply_to);
  }
  if (const YamlValue* contact = section.find("contact")) {
    identity.contact = mail_address(*contact).value_or(mail::Address{});
  }
  if (const YamlValue* sender = section.find("envelope-sender")) {
    identity.envelope_sender = mail_address(*sender).value_or(mail::Address{}).email;
  }
  identity.domain = word(section, "domain");
  identity.own_addresses = words(section, "own-addresses");
  identity.precedence_bulk = word(section, "precedence-bulk") == "true";
  identity.encoding = encoding_from(word(section, "transfer-encoding", "auto"));
  if (const YamlValue* opt_out = section.find("opt-out")) {
    identity.opt_out = word(*opt_out, "text");
    identity.opt_out_url = web_address(*opt_out, "url");
    if (const YamlValue* file = opt_out->find("file")) {
      mail.reporter.opt_out_file = path(*file);
    }
  }
}

void ConfigReader::read_links(reports::MailConfig& mail, const YamlValue& section) {
  if (const std::string url = web_address(section, "url"); !url.empty()) {
    mail.reporter.links = reports::Links::at(url);
  }
  const YamlValue* links = section.find("links");
  if (links == nullptr) {
    return;
  }
  const auto read = [&](std::string_view key, std::string_view place, std::string& target) {
    if (const YamlValue* value = links->find(key)) {
      target = web_address(*links, key);
      if (value->scalar.find(place) == std::string::npos) {
        fault(*value, fmt::format("'{}' has no {}: every link would be the same", key, place));
      }
    }
  };
  read("series", "{series}", mail.reporter.links.series);
  read("log", "{node}", mail.reporter.links.log);
  read("reproducer", "{node}", mail.reporter.links.reproducer);
}

void ConfigReader::read_classes(reports::MailConfig& mail, const YamlValue& section) {
  const YamlValue* classes = section.find("classes");
  if (classes == nullptr) {
    return;
  }
  static const std::vector<std::string> known = {"applies", "sign-off", "description", "build",
                                                 "test",    "style",    "other"};
  for (const auto& [pattern, value] : classes->members) {
    if (const auto found = reports::check_class_from(value.scalar)) {
      mail.reporter.classes[pattern.scalar] = *found;
      continue;
    }
    const auto near = nearest_choice(value.scalar, known);
    fault(value,
          fmt::format("'{}' is no class of checks (one of: {}){}", escape_terminal(value.scalar),
                      join(known, ", "), near ? fmt::format("; did you mean '{}'?", *near) : ""));
  }
}

delivery::Secret ConfigReader::named_secret(const YamlValue& map, std::string_view key) const {
  const YamlValue* value = map.find(key);
  if (value == nullptr) {
    return {};
  }
  if (value->find("env") != nullptr) {
    return {"", word(*value, "env")};
  }
  return {path(*value->find("file")).string(), ""};
}

void ConfigReader::read_smtp(reports::MailConfig& mail, const YamlValue& section) {
  delivery::SmtpConfig& smtp = mail.smtp;
  smtp.host = word(section, "host");
  smtp.tls = tls_from(word(section, "tls", "required"));
  if (const YamlValue* port = section.find("port")) {
    const auto number = parse_uint(port->scalar).value_or(0);
    if (number == 0 || number > 65535) {
      fault(*port,
            fmt::format("'{}' is no port: they go from 1 to 65535", escape_terminal(port->scalar)));
    }
    smtp.port = static_cast<std::uint16_t>(number);
  }
  smtp.user = word(section, "user");
  smtp.password = named_secret(section, "password");
  smtp.login_without_tls = word(section, "login-without-tls") == "true";
  smtp.helo = word(section, "helo");
  if (const YamlValue* file = section.find("ca-file")) {
    smtp.ca_file = path(*file).string();
  }
  if (const YamlValue* timeout = section.find("timeout")) {
    const auto seconds = parse_duration_seconds(timeout->scalar).value_or(60);
    if (seconds == 0 || seconds > 600) {
      fault(*timeout, "'timeout' lies between 1s and 10m");
    }
    smtp.connect_timeout = std::chrono::seconds(std::min<std::uint64_t>(seconds, 600));
  }
  read_proxy(smtp, section);
  // One fault a key is enough; what does not fit together is said by who uses it.
  if (!is_doubtful(section)) {
    for (const auto& message : delivery::check_smtp(smtp)) {
      fault(section, message);
    }
  }
}

void ConfigReader::read_proxy(delivery::SmtpConfig& smtp, const YamlValue& section) {
  smtp.proxy_user = word(section, "proxy-user");
  smtp.proxy_password = named_secret(section, "proxy-password");
  const YamlValue* proxy = section.find("proxy");
  if (proxy == nullptr) {
    if (!section.doubtful && (!smtp.proxy_user.empty() || smtp.proxy_password.given())) {
      fault(section, "there is a login for a proxy, but no 'proxy'");
    }
    return;
  }
  smtp.proxy = proxy->scalar;
  static constexpr std::array<std::string_view, 6> schemes = {
      "http://", "https://", "socks4://", "socks4a://", "socks5://", "socks5h://"};
  if (std::none_of(schemes.begin(), schemes.end(),
                   [&](std::string_view scheme) { return smtp.proxy.starts_with(scheme); })) {
    fault(*proxy, "'proxy' is socks5h://HOST:PORT or http://HOST:PORT");
  } else if (smtp.proxy.find('@') != std::string::npos) {
    // Not repeated: there may be a password in it.
    fault(*proxy,
          "a login does not belong in the proxy's address; put it under 'proxy-user' and "
          "'proxy-password'");
  }
  if (!section.doubtful && smtp.proxy_user.empty() == smtp.proxy_password.given()) {
    fault(section, "'proxy-user' and 'proxy-password' go together");
  }
}

void ConfigReader::read_route(reports::MailConfig& mail, const YamlValue& section) {
  const YamlValue* smtp = section.find("smtp");
  const YamlValue* maildir = section.find("maildir");
  const YamlValue* command = section.find("command");
  if ((smtp != nullptr) + (maildir != nullptr) + (command != nullptr) > 1) {
    fault(maildir != nullptr ? *maildir : *command,
          "mail leaves by one of 'smtp', 'maildir' and 'command', not by several");
    return;
  }
  if (smtp != nullptr) {
    mail.route = reports::Route::smtp;
    read_smtp(mail, *smtp);
  } else if (maildir != nullptr) {
    mail.route = reports::Route::maildir;
    mail.maildir = path(*maildir);
  } else if (command != nullptr) {
    mail.route = reports::Route::command;
    mail.command.argv = words(section, "command");
    std::vector<std::string>& argv = mail.command.argv;
    if (argv.empty() || argv[0].empty()) {
      fault(*command, "'command' is empty");
    } else if (std::find(argv.begin(), argv.end(), "{recipients}") == argv.end()) {
      fault(*command,
            "'command' has no word \"{recipients}\": the program would not know who gets the mail");
    } else if (argv[0].starts_with("./") || argv[0].starts_with("../")) {
      argv[0] = path(argv[0]).string();
    }
  }
}

void ConfigReader::read_mail(Config& config) {
  const YamlValue* section = m_document.find("mail");
  if (section == nullptr) {
    return;
  }
  const std::size_t faults_before = m_faults.size();
  reports::MailConfig& mail = config.mail;
  read_identity(mail, *section);
  read_links(mail, *section);
  read_classes(mail, *section);
  read_route(mail, *section);
  read_policy(config, *section);
  const std::string in_doubt = word(*section, "in-doubt", "hold");
  mail.sender.when_in_doubt = in_doubt == "resend"    ? reports::WhenInDoubt::resend
                              : in_doubt == "give-up" ? reports::WhenInDoubt::give_up
                                                      : reports::WhenInDoubt::hold;
  mail.sender.opt_out_file = mail.reporter.opt_out_file;
  if (mail.enabled() && section->find("from") == nullptr && !section->doubtful) {
    fault(*section, "the key 'from' is missing here: there are rules, so mails need a sender");
  }
  // What only shows when all of it is there; single keys have been looked at above.
  if (m_faults.size() == faults_before && !is_doubtful(*section)) {
    for (const auto& message : reports::check_mail_config(mail)) {
      fault(*section, message);
    }
  }
}

}  // namespace patchmill::app

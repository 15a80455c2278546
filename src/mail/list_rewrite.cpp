#include "mail/list_rewrite.hpp"

#include "util/text.hpp"

#include <array>
#include <string>
#include <string_view>

namespace patchmill::mail {

namespace {

// "Alice" of "Alice via List" and "'Alice' via list"; empty for other names.
std::string name_before_via(std::string_view name) {
  // "A via LIST", or "A via" where the list has no display name.
  const std::size_t via = name.ends_with(" via") ? name.size() - 4 : name.rfind(" via ");
  if (via == std::string_view::npos) {
    return {};
  }
  std::string_view before = trim(name.substr(0, via));
  while (before.size() >= 2 && (before.front() == '\'' || before.front() == '"') &&
         before.back() == before.front()) {
    before = trim(before.substr(1, before.size() - 2));
  }
  return std::string(before);
}

// Real ones name one or two people; each is looked up in other headers.
constexpr std::size_t max_reply_to = 2000;

// The list's own address by its headers: List-Post, X-Mailing-List, or List-Id "ltp.lists.x.org"
// for ltp@lists.x.org.
bool is_list_address(std::string_view email, const HeaderBlock& header) {
  const std::string wanted = to_lower(email);
  for (const std::string_view name : {"List-Post", "X-Mailing-List", "Mailing-list"}) {
    if (const auto value = find_field(header, name);
        value && to_lower(*value).find(wanted) != std::string::npos) {
      return true;
    }
  }
  if (const auto value = find_field(header, "List-Id")) {
    std::string dotted = wanted;
    const std::size_t at = dotted.find('@');
    if (at != std::string::npos) {
      dotted[at] = '.';
      return to_lower(*value).find("<" + dotted + ">") != std::string::npos;
    }
  }
  return false;
}

// Lists that rewrite From write their own address, or one at their own host ("lists@x.org" for all
// lists there): List-Id "l.x.org" belongs to hosts l.x.org and x.org.
bool is_list_host(std::string_view email, const HeaderBlock& header) {
  const auto value = find_field(header, "List-Id");
  const std::size_t at = email.rfind('@');
  if (!value || at == std::string_view::npos) {
    return false;
  }
  const std::size_t open = value->rfind('<');
  std::string_view id = value->substr(open == std::string_view::npos ? 0 : open + 1);
  id = trim(id.substr(0, id.find('>')));
  const std::string_view host = email.substr(at + 1);
  const std::size_t dot = id.find('.');
  return iequals(host, id) || (dot != std::string_view::npos && iequals(host, id.substr(dot + 1)));
}

}  // namespace

std::optional<Address> undo_list_rewrite(const Address& from, const HeaderBlock& header) {
  const std::string author = name_before_via(from.name);
  if (!is_list_address(from.email, header) &&
      (author.empty() || !is_list_host(from.email, header))) {
    return std::nullopt;  // anybody may name himself "Linus via home"
  }
  for (const std::string_view name : {"X-Original-From", "X-Original-Sender"}) {
    if (const auto value = find_field(header, name)) {
      for (Address& address : parse_addresses(*value, AddressField::author)) {
        if (!same_email(address.email, from.email)) {
          if (address.name.empty()) {
            address.name = author;
          }
          return std::move(address);
        }
      }
    }
  }
  if (author.empty()) {
    return std::nullopt;
  }
  for (const std::string_view name : {"Reply-To", "Cc"}) {
    if (const auto value = find_field(header, name)) {
      for (Address& address : parse_addresses(*value)) {
        if (iequals(address.name, author) && !same_email(address.email, from.email)) {
          return std::move(address);
        }
      }
    }
  }
  // Mailman puts the author into Reply-To, without a name or with one spelled another way.
  if (const auto value = find_field(header, "Reply-To")) {
    auto addresses = parse_addresses(value->substr(0, max_reply_to));
    std::erase_if(addresses, [&](const Address& a) {
      return same_email(a.email, from.email) || is_list_address(a.email, header);
    });
    if (addresses.size() == 1) {
      Address& only = addresses.front();
      if (only.name.empty()) {
        only.name = author;
      }
      return std::move(only);
    }
  }
  return std::nullopt;
}

}  // namespace patchmill::mail

#include "tracker/dependencies.hpp"

#include "tracker/series_addresses.hpp"
#include "tracker/thread_index.hpp"
#include "util/ascii.hpp"
#include "util/text.hpp"

#include <algorithm>

namespace patchmill::tracker {

namespace {

std::string percent_decode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
        hex_value(text[i + 2]) >= 0) {
      result += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

// "id:v3" of b4: the change-id and the version, if one is named.
DependencyLookup change_lookup(std::string_view target) {
  DependencyLookup lookup;
  const std::size_t colon = target.rfind(':');
  if (colon != std::string_view::npos) {
    std::string_view version = trim(target.substr(colon + 1));
    if (version.starts_with('v')) {
      if (const auto number = parse_uint(version.substr(1)); number && *number < 1'000'000) {
        lookup.version = static_cast<int>(*number);
        target = target.substr(0, colon);
      }
    }
  }
  lookup.key = "c:" + std::string(trim(target));
  return lookup;
}

}  // namespace

std::string msgid_in_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) {
    return {};
  }
  std::string_view path = url.substr(scheme + 3);
  path = path.substr(0, path.find_first_of("?#"));
  // The last part with an '@' is the id; "/T/", "/t.mbox.gz", "/mbox/" and the like may follow.
  const auto parts = split(path, '/');
  for (std::size_t i = parts.size(); i-- > 1;) {
    std::string id = percent_decode(parts[i]);
    if (id.starts_with('<') && id.ends_with('>')) {
      id = id.substr(1, id.size() - 2);
    }
    if (const std::size_t at = id.find('@');
        at != std::string::npos && at > 0 && at + 1 < id.size()) {
      return id;
    }
  }
  return {};
}

DependencyLookup lookup_of(const mail::Dependency& dependency) {
  using Kind = mail::DependencyKind;
  switch (dependency.kind) {
    case Kind::depends_on_message:
      return {"m:" + stored_msgid(dependency.target), {}, ""};
    case Kind::depends_on_url: {
      const std::string msgid = msgid_in_url(dependency.target);
      if (msgid.empty()) {
        if (const auto address = series_address(dependency.target)) {
          return {address->key(), {}, std::string(k_no_series_of_address)};
        }
        return {
            "", {}, "the URL names no Message-ID; numbers of another tracker mean nothing here"};
      }
      return {"m:" + stored_msgid(msgid), {}, ""};
    }
    case Kind::depends_on_number:
      return {"", {}, "a number of another tracker means nothing here; name a Message-ID"};
    case Kind::prerequisite_patch:
      return {"p:" + to_lower(dependency.target), {}, ""};
    case Kind::prerequisite_change:
      return change_lookup(dependency.target);
  }
  return {"", {}, "unknown kind of dependency"};
}

}  // namespace patchmill::tracker

// The subject grammar, names of people and dates: what single headers hold.

#include "check.hpp"
#include "mail/address.hpp"
#include "mail/date.hpp"
#include "mail/encoded_words.hpp"
#include "mail/subject.hpp"
#include "util/text.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace patchmill;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  const std::string decoded = mail::decode_header(raw);
  FUZZ_CHECK(is_valid_utf8(decoded));
  const mail::Subject subject = mail::parse_subject(decoded, {"list"});
  FUZZ_CHECK(subject.version >= 0 && subject.number.has_value() == subject.total.has_value());
  FUZZ_CHECK(!subject.number || (*subject.number >= 0 && *subject.total >= 0));
  FUZZ_CHECK(is_valid_utf8(subject.patchwork_name()));
  FUZZ_CHECK(is_valid_utf8(mail::normalize_title(subject.title)));
  // Normalising is stable.
  const std::string once = mail::normalize_title(subject.title);
  FUZZ_CHECK(mail::normalize_title(once) == once || once.size() > 200);
  for (const mail::Address& address : mail::parse_addresses(raw)) {
    FUZZ_CHECK(!address.email.empty() && is_valid_utf8(address.email));
    FUZZ_CHECK(is_valid_utf8(address.name));
    mail::to_string(address);
  }
  mail::parse_date(raw);
  return 0;
}

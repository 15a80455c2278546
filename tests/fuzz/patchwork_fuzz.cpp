// A Patchwork that answers anything: no crash, each refusal says why, and the mail made of what it
// gives has no headers but those it gives.

#include "check.hpp"
#include "mail/message.hpp"
#include "patchwork/answer.hpp"
#include "patchwork/objects.hpp"
#include "patchwork/position.hpp"
#include "patchwork/rebuilt_mail.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

using namespace patchmill;

namespace {

template <class T>
void check_read(const Result<T>& result) {
  FUZZ_CHECK(result || !result.error().message.empty());
}

void check_mail(const patchwork::MailDetail& detail) {
  const auto raw = patchwork::rebuild_mail(detail, "list.example.org");
  const auto mail = mail::parse_message(raw);
  if (!mail) {
    return;
  }
  for (const auto& given : mail->headers) {
    const std::string& name = given.first;
    const bool ours = iequals(name, "List-Id") || iequals(name, "MIME-Version") ||
                      iequals(name, "Date") || iequals(name, "Content-Type") ||
                      iequals(name, "Content-Transfer-Encoding");
    FUZZ_CHECK(ours || std::ranges::any_of(detail.headers, [&](const auto& header) {
                 return iequals(header.first, name);
               }));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  FUZZ_CHECK(patchwork::complaint_of(text).size() <= 310);
  if (const auto position = patchwork::position_from(text)) {
    const auto days = patchwork::days_before(position->date, 7);
    FUZZ_CHECK(!days || days->size() >= 19);
  }
  const auto value = patchwork::parse_answer(text);
  check_read(value);
  if (!value) {
    return 0;
  }
  check_read(patchwork::read_project(*value));
  check_read(patchwork::read_event(*value));
  check_read(patchwork::read_series(*value));
  check_read(patchwork::read_check(*value));
  check_read(patchwork::read_listed_mail(*value, patchwork::MailKind::cover));
  const auto detail = patchwork::read_mail_detail(*value, patchwork::MailKind::patch);
  check_read(detail);
  if (detail) {
    check_mail(*detail);
  }
  return 0;
}

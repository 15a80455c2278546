// Commit messages: trailers, dependencies, in-body headers, pull requests.

#include "check.hpp"
#include "mail/message.hpp"
#include "mail/pull_request.hpp"
#include "mail/text_forms.hpp"
#include "mail/trailers.hpp"
#include "util/text.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace patchmill;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  mail::Message message;
  message.text = mend_utf8(raw);
  message.subject = "[PATCH] x";
  for (const mail::Trailer& trailer : mail::parse_trailers(message.text)) {
    FUZZ_CHECK(!trailer.key.empty());
  }
  const mail::BaseInfo info = mail::parse_base_info(message);
  FUZZ_CHECK(info.base_branch.empty() || info.base_branch[0] != '-');
  for (const mail::Dependency& dependency : info.dependencies) {
    FUZZ_CHECK(!dependency.target.empty() && is_valid_utf8(dependency.target));
  }
  FUZZ_CHECK(is_valid_utf8(mail::commit_text(message).message()));
  FUZZ_CHECK(is_valid_utf8(mail::find_pull_url(message.text)));
  FUZZ_CHECK(mail::footer_start(raw) <= raw.size());
  mail::unflow(raw, true);
  mail::unstuff(raw);
  mail::unwrap_clear_signed(raw);
  return 0;
}

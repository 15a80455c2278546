// A news server that says anything: bounds hold, numbers are those of the range, and an article is
// the same in whatever pieces it comes.

#include "check.hpp"
#include "intake/memory_stream.hpp"
#include "intake/nntp_session.hpp"
#include "intake/wire_mail.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

using namespace patchmill;

namespace {

constexpr std::size_t longest = 64;

std::vector<std::string> run_session(const std::string& text, std::size_t step) {
  std::vector<std::string> heard;
  intake::NntpSession session(std::make_unique<test::MemoryStream>(text, step), longest);
  if (!session.start("user", "secret")) {
    return heard;
  }
  const auto group = session.open_group("org.example.demo");
  if (!group) {
    return heard;
  }
  heard.push_back(std::to_string(group->low) + ' ' + std::to_string(group->high));
  const auto numbers = session.numbers(3, 60);
  if (!numbers) {
    return heard;
  }
  FUZZ_CHECK(std::is_sorted(numbers->begin(), numbers->end()));
  FUZZ_CHECK(std::adjacent_find(numbers->begin(), numbers->end()) == numbers->end());
  FUZZ_CHECK(numbers->empty() || (numbers->front() >= 3 && numbers->back() <= 60));
  if (const auto id = session.message_id(3); id && *id) {
    heard.push_back(**id);
  }
  while (session.ask_article(3)) {
    const auto article = session.read_article();
    if (!article) {
      return heard;
    }
    FUZZ_CHECK(article->raw.size() <= longest);
    FUZZ_CHECK(article->code == 220 || article->raw.empty());
    FUZZ_CHECK(intake::with_unix_line_ends(article->raw).find("\r\n") == std::string::npos ||
               article->raw.find("\r\r\n") != std::string::npos);
    heard.push_back(article->message_id + '|' + article->raw);
  }
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  FUZZ_CHECK(run_session(text, size + 1) == run_session(text, 3));
  return 0;
}

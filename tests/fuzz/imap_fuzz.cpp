// An IMAP server that says anything: responses are read alike in whatever pieces they come, bounds
// hold, and a whole session ends without taking a mail that was not asked for.

#include "check.hpp"
#include "intake/imap_response.hpp"
#include "intake/imap_session.hpp"
#include "intake/imap_text.hpp"
#include "intake/memory_stream.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

using namespace patchmill;

namespace {

constexpr std::size_t longest = 64;

struct Read {
  std::vector<std::string> texts;
  std::string error;
};

Read read_all(const std::string& text, std::size_t step) {
  test::MemoryStream stream(text, step);
  intake::StreamReader reader(stream);
  Read read;
  while (true) {
    const auto response = intake::read_imap_response(reader, longest);
    if (!response) {
      read.error = response.error().message;
      return read;
    }
    std::string all = response->tag + '|' + response->code + '|' + response->text;
    std::size_t strings = 0;
    for (const auto& token : response->tokens) {
      all += '|' + token.text;
      strings += token.kind == intake::ImapToken::Kind::string ? 1u : 0u;
    }
    if (const auto fetched = intake::fetched_of(*response)) {
      FUZZ_CHECK(!fetched->body || strings > 0 || fetched->body->size() <= text.size());
    }
    const auto numbers = intake::numbers_of_search(*response);
    FUZZ_CHECK(numbers.size() <= response->tokens.size());
    FUZZ_CHECK(std::find(numbers.begin(), numbers.end(), 0u) == numbers.end());
    read.texts.push_back(std::move(all));
  }
}

void run_session(const std::string& text) {
  intake::ImapSession session(std::make_unique<test::MemoryStream>(text, 7), longest);
  if (!session.start(false) || !session.login(intake::ImapAuth::best, "user", "secret")) {
    return;
  }
  const auto mailbox = session.open_folder("INBOX", true);
  if (!mailbox) {
    return;
  }
  const auto uids = session.search(5);
  if (!uids) {
    return;
  }
  FUZZ_CHECK(std::is_sorted(uids->begin(), uids->end()));
  FUZZ_CHECK(std::adjacent_find(uids->begin(), uids->end()) == uids->end());
  FUZZ_CHECK(uids->empty() || uids->front() >= 5);
  if (!session.begin_fetch(*uids)) {
    return;
  }
  while (true) {
    const auto mail = session.next_fetched();
    if (!mail) {
      return;
    }
    if (!*mail) {
      break;
    }
    FUZZ_CHECK((*mail)->uid > 0);
  }
  if (session.noop()) {
    [[maybe_unused]] const auto idle = session.idle(std::chrono::milliseconds(0));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Read whole = read_all(text, size + 1);
  const Read pieces = read_all(text, 3);
  FUZZ_CHECK(whole.texts == pieces.texts);
  FUZZ_CHECK(whole.error == pieces.error);
  run_session(text);
  if (const auto name = intake::imap_folder_name(text)) {
    FUZZ_CHECK(
        std::all_of(name->begin(), name->end(), [](char c) { return c >= 0x20 && c < 0x7f; }));
    FUZZ_CHECK(intake::imap_quoted(*name).has_value());
  }
  return 0;
}

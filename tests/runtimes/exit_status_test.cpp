#include "runtimes/exit_status.hpp"

#include "runtimes/log_pump.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::runtimes;
using findings::Verdict;

TEST_CASE("runtimes::meaning_of: our own limits are never a fail") {
  pipeline::JobLimits limits;
  for (int status = -1; status < 256; ++status) {
    for (const KillReason reason : {KillReason::deadline, KillReason::output, KillReason::disk,
                                    KillReason::memory, KillReason::disk_full}) {
      CHECK(meaning_of({status, reason, false}, limits).verdict == Verdict::incomplete);
    }
    CHECK(meaning_of({status, KillReason::none, true}, limits).verdict == Verdict::incomplete);
    CHECK(meaning_of({status, KillReason::none, false, true}, limits).verdict ==
          Verdict::incomplete);
    CHECK_FALSE(meaning_of({status, KillReason::none, false}, limits).summary.empty());
  }
  CHECK(meaning_of({0, KillReason::none, false}, limits).verdict == Verdict::pass);
  CHECK(meaning_of({250, KillReason::none, false}, limits).verdict == Verdict::warning);
  CHECK(meaning_of({77, KillReason::none, false}, limits).verdict == Verdict::skip);
  CHECK(meaning_of({128 + 9, KillReason::none, false}, limits).verdict == Verdict::incomplete);
  CHECK(meaning_of({128 + 6, KillReason::none, false}, limits).verdict == Verdict::fail);
  CHECK(meaning_of({128 + 25, KillReason::none, false}, limits).cause ==
        pipeline::IncompleteCause::limits);
  CHECK(meaning_of({255, KillReason::none, false}, limits).verdict == Verdict::fail);
}

TEST_CASE("runtimes::clean_description: one harmless line") {
  CHECK(clean_description("").empty());
  CHECK(clean_description("\n \r\n").empty());
  CHECK(clean_description("\n  two words \nthree") == "two words");
  CHECK(clean_description("a\x1b]0;title\x07") == "a\\x1b]0;title\\x07");
  CHECK(clean_description(std::string(100'000, 'x')).size() <= 1024);
  CHECK(is_valid_utf8(clean_description(std::string(1023, 'x') + "\u00e4")));
}

TEST_CASE("runtimes::LogPump: whole characters, a bound, and nothing lost before it") {
  const std::string text = "a\u00e4\u20ac\U0001f600 end \xff\xc3";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    std::string seen;
    LogPump pump(0, [&](std::string_view piece) {
      CHECK(is_valid_utf8(piece));
      seen += piece;
    });
    for (std::size_t i = 0; i < text.size(); i += size) {
      CHECK(pump.push(std::string_view(text).substr(i, size)));
    }
    pump.finish();
    CHECK(seen == "a\u00e4\u20ac\U0001f600 end \u00ff\u00c3");
  }
  std::string seen;
  LogPump pump(5, [&](std::string_view piece) { seen += piece; });
  CHECK(pump.push("123"));
  CHECK_FALSE(pump.push("456"));
  CHECK_FALSE(pump.push("789"));
  CHECK(pump.cut());
  pump.finish();
  CHECK(seen == "12345");
}

#include "intake/http_get.hpp"

#include "git/mirror_source.hpp"
#include "intake/curl_transfer.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::intake {
namespace {

constexpr std::uint64_t longest_retry_after = 3600;
constexpr std::size_t longest_validator = 1000;

struct Receiver {
  HttpAnswer answer;
  std::size_t longest = 0;
  bool too_long = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* context) {
  auto& receiver = *static_cast<Receiver*>(context);
  const auto bytes = size * count;
  if (receiver.answer.body.size() + bytes > receiver.longest) {
    receiver.too_long = true;
    return 0;
  }
  receiver.answer.body.append(data, bytes);
  return bytes;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* context) {
  auto& answer = static_cast<Receiver*>(context)->answer;
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {
    answer = {};  // after a redirection
    return line.size();
  }
  const auto colon = line.find(':');
  if (colon != std::string_view::npos && line.size() < longest_validator) {
    const auto name = line.substr(0, colon);
    const auto value = trim(line.substr(colon + 1));
    if (iequals(name, "etag")) {
      answer.etag = value;
    } else if (iequals(name, "last-modified")) {
      answer.last_modified = value;
    } else if (const auto seconds = parse_uint(value); seconds && iequals(name, "retry-after")) {
      answer.retry_after = std::chrono::seconds(std::min(*seconds, longest_retry_after));
    }
  }
  return line.size();
}

class HeaderList {
 public:
  HeaderList() = default;
  ~HeaderList() { curl_slist_free_all(m_list); }
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  void add(const std::string& line) { m_list = curl_slist_append(m_list, line.c_str()); }
  [[nodiscard]] curl_slist* get() const { return m_list; }

 private:
  curl_slist* m_list = nullptr;
};

}  // namespace

Result<HttpAnswer> http_get(const HttpQuestion& question, Waiter& waiter) {
  HeaderList headers;
  if (!question.etag.empty()) {
    headers.add("If-None-Match: " + question.etag);
  }
  if (!question.last_modified.empty()) {
    headers.add("If-Modified-Since: " + question.last_modified);
  }
  Receiver receiver;
  receiver.longest = question.longest;
  CurlTransfer transfer;
  transfer.set(CURLOPT_URL, question.url.c_str());
  transfer.set(CURLOPT_PROTOCOLS_STR, "http,https");
  transfer.set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  transfer.set(CURLOPT_FOLLOWLOCATION, 1L);
  transfer.set(CURLOPT_MAXREDIRS, 5L);
  transfer.set(CURLOPT_USERAGENT, "patchmill");
  transfer.set(CURLOPT_HTTPHEADER, headers.get());
  transfer.set(CURLOPT_WRITEFUNCTION, &take_body);
  transfer.set(CURLOPT_WRITEDATA, static_cast<void*>(&receiver));
  transfer.set(CURLOPT_HEADERFUNCTION, &take_header);
  transfer.set(CURLOPT_HEADERDATA, static_cast<void*>(&receiver));
  transfer.set(CURLOPT_CONNECTTIMEOUT_MS, 30000L);
  transfer.set_trust(question.ca_file, question.proxy);
  const auto done = transfer.run(waiter, question.timeout);
  const auto url = git::without_credentials(question.url, question.url);
  if (receiver.too_long) {
    return fail(ErrorKind::limit,
                fmt::format("{} answers with more than {} bytes", url, question.longest));
  }
  if (!done) {
    return fail(done.error().kind,
                fmt::format("{} does not answer: {}", url,
                            git::without_credentials(done.error().message, question.url)));
  }
  curl_easy_getinfo(transfer.easy(), CURLINFO_RESPONSE_CODE, &receiver.answer.status);
  return std::move(receiver.answer);
}

}  // namespace patchmill::intake

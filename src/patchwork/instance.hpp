#pragma once
// One Patchwork of somebody else: its address, what it speaks, and asking it.

#include "http/client.hpp"
#include "patchwork/objects.hpp"
#include "util/result.hpp"

#include <boost/json/value.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::patchwork {

// The two lines of Patchwork. They share little but the name: what the freedesktop edition answers
// is in patchwork/freedesktop.hpp.
enum class Edition { getpatchwork, freedesktop };

struct InstanceConfig {
  std::string url;  // see front_page_of()
  // Who logs in, with `token` as the password; empty: the token is one. The freedesktop edition
  // knows no tokens.
  std::string user = {};
  // Asked for before each change, so that a new token counts at once. Null: nothing is changed.
  std::function<Result<std::string>()> token;
  // Too: private bundles and the like are seen. Where strangers may read nothing at all, the token
  // is shown in any case.
  bool token_for_reading = false;
  http::ClientConfig client;
  std::size_t longest_answer = std::size_t{32} << 20;  // bytes; beyond it error limit
  std::chrono::milliseconds timeout{60'000};    // of one attempt; big lists take Patchwork long
  std::chrono::milliseconds deadline{300'000};  // of a request with all its attempts
};

// "https://HOST/PATH/" of what people write, without /api/ and the version, and without the project
// whose list or patch it is. Error invalid.
Result<std::string> front_page_of(std::string_view url);

// An answer that is under way. Whoever waits within a CancelScope gives up when that is called off.
class Pending {
 public:
  Pending();
  ~Pending();  // called off
  Pending(Pending&&) noexcept;
  Pending& operator=(Pending&&) noexcept;
  // The JSON of the answer, and the address of the next page of a list. Once.
  struct Answer {
    boost::json::value value;
    std::string next;     // empty: the last page
    std::string address;  // after redirects
    // The elements of a list, in the form of either edition; null: it is none.
    [[nodiscard]] const boost::json::array* list() const;
  };
  // Errors: invalid (refused: 400, 401, 403; somebody must change something), not_found (404, 410,
  // in JSON), infrastructure (no answer, 5xx, no JSON), limit; each with method, address and the
  // server's own words, never with the token. `status`, where given: what the server said, 0 for no
  // answer.
  Result<Answer> wait(int* status = nullptr);
  // The answer as it came, for what is no JSON. Once, instead of wait(); the same errors.
  Result<std::string> text(int* status = nullptr);

 private:
  Result<http::ClientResponse> response(int* status);
  friend class Instance;
  struct State;
  std::shared_ptr<State> m_state;
};

// Thread-safe. Asks as politely as its http::ClientConfig says: at most so many requests at once
// and a second; 502, 503, 504, 429 and lost connections are tried again, with back-off; who fails
// several times in a row is left alone for a while.
class Instance {
 public:
  explicit Instance(InstanceConfig config);
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // The front page, normalised: the instance's name in the store and for people.
  [[nodiscard]] const std::string& name() const { return m_name; }

  // Finds the edition and the highest version both sides speak, once; 2 to 7 requests. Error
  // invalid: there is no REST API of Patchwork at this address.
  Result<void> discover();
  [[nodiscard]] Edition edition() const;      // once discover() has found it
  [[nodiscard]] std::string version() const;  // "1.4"; empty: not known yet
  // Asks again with the next discover().
  void forget();

  // GET below api/VERSION/, e.g. "patches/12/", or an absolute address that the instance gave.
  Pending get(std::string_view path);
  Pending get_with_token(std::string_view path);           // what strangers may not see
  Result<boost::json::value> read(std::string_view path);  // get() and wait()
  // POST of JSON, with the token, never repeated by itself.
  Pending post(std::string_view path, const boost::json::value& body);
  Pending patch(std::string_view path, const boost::json::value& body);  // PATCH, likewise

  // Whether the instance takes the token, or user and password. Not whether its user may do
  // anything.
  Result<void> check_token();

  // By number, link name or (where the instance has neither) name. Error not_found with those there
  // are.
  Result<Project> project(const std::string& wanted);

 private:
  Result<std::string> address_of(std::string_view path) const;
  Pending get(std::string_view path, bool with_token);
  Pending ask(http::ClientRequest request, bool with_token);
  Pending change(std::string_view method, std::string_view path, const boost::json::value& body);
  Result<std::string> find_version();
  Result<void> stay_at(const std::string& address);
  // Null: what logs in is of the kind that the edition wants.
  std::optional<Error> wrong_credentials() const;

  InstanceConfig m_config;
  std::string m_name;
  Result<std::string> m_front;
  mutable std::mutex m_mutex;
  std::string m_base;  // "https://HOST/PATH/" as redirects say; empty: not known yet
  std::string m_version;
  Edition m_edition = Edition::getpatchwork;
  std::atomic<bool> m_reads_with_token;
  http::Client m_client;  // the last member: its thread uses nothing of ours, but ends first
};

}  // namespace patchmill::patchwork

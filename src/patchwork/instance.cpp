#include "patchwork/instance.hpp"

#include "http/auth.hpp"
#include "http/link_header.hpp"
#include "http/url.hpp"
#include "patchwork/answer.hpp"
#include "util/cancel.hpp"
#include "util/text.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <array>
#include <condition_variable>
#include <utility>

namespace patchmill::patchwork {
namespace json = boost::json;
namespace {

constexpr std::array k_versions = {"1.4", "1.3", "1.2", "1.1", "1.0"};
constexpr std::size_t longest_address = 300;  // for people

std::string server_says(const http::ClientResponse& response) {
  const auto complaint = complaint_of(response.body);
  return complaint.empty() ? std::string() : fmt::format(" (\"{}\")", complaint);
}

// What a status means for who asked; nothing where the body counts.
std::optional<Error> fault_of(const http::ClientResponse& response) {
  const int status = response.status;
  const auto says = server_says(response);
  if (status >= 200 && status < 300) {
    return std::nullopt;
  }
  if (status == 401 || status == 403) {
    return Error{ErrorKind::invalid, fmt::format("refused with {}{}; check the token (or user and "
                                                 "password), and that its user may do this",
                                                 status, says)};
  }
  if (status == 404 || status == 410) {
    // Patchwork says so in JSON; a page may be that of a proxy while Patchwork is away.
    return says.empty() ? Error{ErrorKind::infrastructure, fmt::format("{}, and no JSON", status)}
                        : Error{ErrorKind::not_found, fmt::format("{}{}", status, says)};
  }
  if (status == 429 || status >= 500) {
    return Error{ErrorKind::infrastructure,
                 fmt::format("the server is in trouble: {}{}", status, says)};
  }
  if (status >= 300 && status < 400) {
    return Error{ErrorKind::infrastructure, fmt::format("redirected ({})", status)};
  }
  return Error{ErrorKind::invalid, fmt::format("refused with {}{}", status, says)};
}

}  // namespace

namespace {

// What the browser shows is the address of a list or of a patch: ".../project/net/list". An
// instance may be below "/project/" itself.
std::string_view without_project(std::string_view text) {
  constexpr std::string_view marker = "/project/";
  const auto project = text.rfind(marker);
  if (project == std::string_view::npos) {
    return text;
  }
  const auto page = text.find('/', project + marker.size());
  const auto rest = page == std::string_view::npos ? std::string_view() : text.substr(page);
  const bool is_page = rest == "/list" || rest == "/bundles" || rest.starts_with("/patch/") ||
                       rest.starts_with("/cover/");
  return is_page ? text.substr(0, project) : text;
}

}  // namespace

Result<std::string> front_page_of(std::string_view url) {
  PM_TRY_ASSIGN(const auto parsed, http::parse_url(url));
  std::string_view text = parsed.text;
  text = text.substr(0, text.find_first_of("?#"));
  const auto drop_slashes = [&] {
    while (text.ends_with('/')) {
      text.remove_suffix(1);
    }
  };
  drop_slashes();
  text = without_project(text);
  for (const std::string_view version : k_versions) {
    if (text.ends_with(fmt::format("/api/{}", version))) {
      text.remove_suffix(version.size() + 1);
    }
  }
  if (text.ends_with("/api")) {
    text.remove_suffix(4);
  }
  drop_slashes();
  return std::string(text) + '/';
}

struct Pending::State {
  std::mutex mutex;
  std::condition_variable ready;
  std::optional<Result<http::ClientResponse>> response;
  std::stop_source stop;
  std::string what;  // "GET https://…"
};

Pending::Pending() = default;
Pending::Pending(Pending&&) noexcept = default;
Pending& Pending::operator=(Pending&& other) noexcept {
  if (m_state && m_state != other.m_state) {
    m_state->stop.request_stop();
  }
  m_state = std::move(other.m_state);
  return *this;
}
Pending::~Pending() {
  if (m_state) {
    m_state->stop.request_stop();
  }
}

Result<http::ClientResponse> Pending::response(int* status) {
  if (status != nullptr) {
    *status = 0;
  }
  std::unique_lock lock(m_state->mutex);
  while (!m_state->ready.wait_for(lock, std::chrono::milliseconds(100),
                                  [&] { return m_state->response.has_value(); })) {
    if (CancelScope::called_off()) {
      m_state->stop.request_stop();
    }
  }
  Result<http::ClientResponse> response = std::move(*m_state->response);
  if (!response) {
    return fail_with(m_state->what, response.error());
  }
  if (status != nullptr) {
    *status = response->status;
  }
  if (const auto fault = fault_of(*response)) {
    return fail_with(m_state->what, *fault);
  }
  return response;
}

Result<std::string> Pending::text(int* status) {
  PM_TRY_ASSIGN(auto answer, response(status));
  return std::move(answer.body);
}

const json::array* Pending::Answer::list() const {
  const auto* object = value.if_object();
  return object != nullptr ? array_of(*object, "results") : value.if_array();
}

Result<Pending::Answer> Pending::wait(int* status) {
  PM_TRY_ASSIGN(const auto response, this->response(status));
  auto value = parse_answer(response.body);
  if (!value) {
    return fail_with(m_state->what, value.error());
  }
  Answer answer{std::move(*value), {}, response.url};
  if (const auto* object = answer.value.if_object();
      object != nullptr && answer.list() != nullptr) {
    answer.next = text_of(*object, "next");
  }
  const auto links = http::parse_links(response.headers);
  if (const auto next = links.find("next"); next != links.end()) {
    PM_TRY_ASSIGN(const auto here, http::parse_url(response.url));
    PM_TRY_ASSIGN(auto there, http::resolve_url(here, next->second));
    answer.next = std::move(there.text);
  }
  return answer;
}

Instance::Instance(InstanceConfig config)
    : m_config(std::move(config)),
      m_front(front_page_of(m_config.url)),
      m_reads_with_token(m_config.token_for_reading),
      m_client(m_config.client) {
  m_name = m_front ? *m_front : m_config.url;
}

std::string Instance::version() const {
  const std::lock_guard lock(m_mutex);
  return m_version;
}

Edition Instance::edition() const {
  const std::lock_guard lock(m_mutex);
  return m_edition;
}

void Instance::forget() {
  const std::lock_guard lock(m_mutex);
  m_base.clear();
  m_version.clear();
}

Pending Instance::ask(http::ClientRequest request, bool with_token) {
  Pending pending;
  pending.m_state = std::make_shared<Pending::State>();
  const auto state = pending.m_state;
  state->what = fmt::format("{} {}", request.method,
                            ellipsize(escape_terminal(request.url), longest_address));
  const auto answered = [state](Result<http::ClientResponse> response) {
    const std::lock_guard lock(state->mutex);
    state->response = std::move(response);
    state->ready.notify_all();
  };
  request.headers.set("Accept", "application/json");
  if (with_token && m_config.token) {
    auto token = m_config.token();
    if (!token) {
      answered(tl::unexpected(std::move(token).error()));
      return pending;
    }
    request.headers.set("Authorization",
                        m_config.user.empty()
                            ? "Token " + *token
                            : "Basic " + http::encode_base64(m_config.user + ':' + *token));
  }
  request.max_body = m_config.longest_answer;
  request.timeout = m_config.timeout;
  request.deadline = m_config.deadline;
  request.stop = state->stop.get_token();
  request.remember = false;  // Patchwork has no ETags, and details are read once
  m_client.fetch(std::move(request), answered);
  return pending;
}

// The token goes nowhere but to the server that was configured: an answer may not name another one.
Result<std::string> Instance::address_of(std::string_view path) const {
  const std::lock_guard lock(m_mutex);
  PM_TRY_ASSIGN(const auto base, http::parse_url(m_base.empty() ? m_name : m_base));
  if (path.find("://") == std::string_view::npos) {
    return fmt::format("{}api/{}{}{}", base.text, m_version, m_version.empty() ? "" : "/", path);
  }
  PM_TRY_ASSIGN(const auto url, http::parse_url(path));
  if (url.host != base.host) {
    return fail(ErrorKind::invalid,
                fmt::format("{} names a page on another server ({}), which is not asked", m_name,
                            ellipsize(escape_terminal(url.host), 100)));
  }
  // Behind a proxy that ends TLS, Patchwork may believe that it is asked by plain http.
  if (url.origin != base.origin) {
    const auto rest = url.text.substr(url.text.find('/', url.text.find("://") + 3));
    return base.text.substr(0, base.text.find('/', base.text.find("://") + 3)) + rest;
  }
  return url.text;
}

Pending Instance::get(std::string_view path) {
  return get(path, m_reads_with_token);
}

Pending Instance::get_with_token(std::string_view path) {
  return get(path, true);
}

Pending Instance::get(std::string_view path, bool with_token) {
  http::ClientRequest request;
  auto address = address_of(path);
  if (!address) {
    Pending failed;
    failed.m_state = std::make_shared<Pending::State>();
    failed.m_state->what = "GET";
    failed.m_state->response = tl::unexpected(std::move(address).error());
    return failed;
  }
  request.url = std::move(*address);
  return ask(std::move(request), with_token);
}

Result<json::value> Instance::read(std::string_view path) {
  PM_TRY_ASSIGN(auto answer, get(path).wait());
  return std::move(answer.value);
}

Pending Instance::post(std::string_view path, const json::value& body) {
  return change("POST", path, body);
}

Pending Instance::patch(std::string_view path, const json::value& body) {
  return change("PATCH", path, body);
}

std::optional<Error> Instance::wrong_credentials() const {
  if (edition() != Edition::freedesktop || !m_config.user.empty()) {
    return std::nullopt;
  }
  return Error{ErrorKind::invalid,
               fmt::format("{} is of the freedesktop edition, which takes no tokens; configure "
                           "patchwork.user and patchwork.password instead",
                           m_name)};
}

Pending Instance::change(std::string_view method, std::string_view path, const json::value& body) {
  if (auto wrong = wrong_credentials()) {
    Pending failed;
    failed.m_state = std::make_shared<Pending::State>();
    failed.m_state->what = method;
    failed.m_state->response = tl::unexpected(*std::move(wrong));
    return failed;
  }
  http::ClientRequest request;
  request.method = method;
  request.url = address_of(path).value_or(m_name);  // of our own making: there is one
  request.headers.set("Content-Type", "application/json");
  request.body = json::serialize(body);
  request.attempts = 1;
  request.max_redirects = 0;  // a redirected one has lost its body
  return ask(std::move(request), true);
}

Result<void> Instance::check_token() {
  PM_TRY(discover());
  if (auto wrong = wrong_credentials()) {
    return tl::unexpected(*std::move(wrong));
  }
  http::ClientRequest request;
  // Users are not for strangers; the other edition has no such list, but refuses a wrong password
  // everywhere.
  const bool freedesktop = edition() == Edition::freedesktop;
  PM_TRY_ASSIGN(request.url, address_of(freedesktop ? "projects/?perpage=1" : "users/?per_page=1"));
  PM_TRY(ask(std::move(request), true).wait());
  return {};
}

Result<void> Instance::discover() {
  PM_TRY(m_front);
  if (!version().empty()) {
    return {};
  }
  PM_TRY_ASSIGN(auto found, find_version());
  const std::lock_guard lock(m_mutex);
  m_version = std::move(found);
  return {};
}

// It may have moved, from http to https say: a redirected POST would lose its body.
Result<void> Instance::stay_at(const std::string& address) {
  PM_TRY_ASSIGN(const auto front, http::parse_url(*m_front));
  PM_TRY_ASSIGN(const auto at, http::parse_url(address));
  if (at.host != front.host) {
    return fail(ErrorKind::invalid,
                fmt::format("{} is now at {}; configure that address", m_name,
                            ellipsize(escape_terminal(at.text), longest_address)));
  }
  PM_TRY_ASSIGN(auto base, front_page_of(at.text));
  const std::lock_guard lock(m_mutex);
  m_base = std::move(base);
  return {};
}

Result<std::string> Instance::find_version() {
  http::ClientRequest request;
  request.url = *m_front + "api/";
  int status = 0;
  auto index = ask(request, m_reads_with_token).wait(&status);
  if ((status == 401 || status == 403) && m_config.token && !m_reads_with_token) {
    m_reads_with_token = true;  // a private one
    index = ask(std::move(request), true).wait(&status);
  }
  if (!index && status != 404 && status != 410) {
    return tl::unexpected(index.error());
  }
  if (index) {
    PM_TRY(stay_at(index->address));
  }
  for (const std::string_view version : k_versions) {
    const auto answer = get(fmt::format("{}/", version)).wait(&status);
    if (answer && answer->value.is_object()) {
      const auto& object = answer->value.get_object();
      const bool freedesktop = object.contains("revision");
      if (freedesktop) {
        // It has no index of versions that would have told.
        PM_TRY(stay_at(answer->address));
      }
      if (freedesktop || object.contains("patches")) {
        const std::lock_guard lock(m_mutex);
        m_edition = freedesktop ? Edition::freedesktop : Edition::getpatchwork;
        return std::string(version);
      }
    }
    if (!answer && status != 404 && status != 410) {
      return tl::unexpected(answer.error());
    }
  }
  return fail(ErrorKind::invalid,
              fmt::format("{} has no REST API of Patchwork; give the address of its front page, or "
                          "ask its administrator for ENABLE_REST_API",
                          m_name));
}

}  // namespace patchmill::patchwork

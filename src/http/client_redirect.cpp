#include "http/client_redirect.hpp"

#include "http/url.hpp"

#include <string>
#include <utility>

namespace patchmill::http {

bool follow_redirect(ClientJob& job, const ClientResponse& response, std::optional<Error>& error) {
  const int status = response.status;
  const auto location = response.headers.get("Location");
  const bool moved =
      status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  if (!moved || !location || job.request.max_redirects == 0) {
    return false;
  }
  const std::string where = job.request.method + " " + job.url.origin;
  if (++job.redirects > job.request.max_redirects) {
    error = Error{ErrorKind::limit, where + ": more than " +
                                        std::to_string(job.request.max_redirects) + " redirects"};
    return false;
  }
  auto target = resolve_url(job.url, *location);
  if (!target) {
    error = Error{target.error().kind, where + ": redirected to " + target.error().message};
    return false;
  }
  if (job.url.origin.starts_with("https:") && target->origin.starts_with("http:")) {
    error =
        Error{ErrorKind::invalid, where + ": redirected from https to http, which is not followed"};
    return false;
  }
  const bool read = job.method == "GET" || job.method == "HEAD";
  if ((status == 303 && !read) || ((status == 301 || status == 302) && job.method == "POST")) {
    job.method = "GET";
    job.with_body = false;
  }
  job.url = std::move(*target);
  // Never back to whoever had them either: one stranger in between is enough.
  if (job.url.origin != job.origin) {
    job.origin = "none";
    if (job.with_body) {
      error = Error{ErrorKind::invalid, where + ": redirected with its body to " + job.url.origin +
                                            ", which is not followed"};
      return false;
    }
  }
  return true;
}

}  // namespace patchmill::http

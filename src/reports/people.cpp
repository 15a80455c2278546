#include "reports/people.hpp"

#include "mail/header_encode.hpp"
#include "mail/trailers.hpp"
#include "util/text.hpp"

#include <algorithm>

namespace patchmill::reports {
namespace {

constexpr std::size_t k_most = 100;

void add_once(std::vector<mail::Address>& people, const mail::Address& person) {
  const bool there = std::any_of(people.begin(), people.end(), [&](const mail::Address& other) {
    return mail::same_email(other.email, person.email);
  });
  if (!there && !person.email.empty() && people.size() < k_most) {
    people.push_back({mail::header_text(person.name), person.email});
  }
}

// "netdev.vger.kernel.org" of netdev@vger.kernel.org.
bool is_list_address(std::string_view email, const std::vector<std::string>& list_ids) {
  std::string id = to_lower(email);
  const std::size_t at = id.find('@');
  if (at == std::string::npos) {
    return false;
  }
  id[at] = '.';
  return std::find(list_ids.begin(), list_ids.end(), id) != list_ids.end();
}

std::vector<mail::Address> signers_of(const mail::Message& patch, const mail::Address& submitter) {
  std::vector<mail::Address> chain;
  for (const auto& trailer : mail::parse_trailers(mail::commit_text(patch).message())) {
    if (iequals(trailer.key, "Signed-off-by")) {
      const auto parsed = mail::parse_addresses(trailer.value);
      if (!parsed.empty()) {
        add_once(chain, parsed.front());
      }
    }
  }
  std::vector<mail::Address> ordered;
  for (const auto& person : chain) {
    if (mail::same_email(person.email, submitter.email)) {
      add_once(ordered, person);
    }
  }
  if (!chain.empty()) {
    add_once(ordered, chain.back());
  }
  for (const auto& person : chain) {
    add_once(ordered, person);
  }
  return ordered;
}

}  // namespace

People people_of(const tracker::Series& series, const std::vector<mail::Message>& mails,
                 std::vector<mail::Address> maintainers) {
  People people;
  people.submitter = {mail::header_text(series.submitter.name), series.submitter.email};
  people.maintainers = std::move(maintainers);
  for (const auto& patch : series.patches) {
    add_once(people.authors, patch.author);
  }
  std::vector<mail::Address> present;
  for (const auto& mail : mails) {
    add_once(present, mail.from);
    if (mail.sender) {
      add_once(present, *mail.sender);
    }
    for (const auto* addressed : {&mail.to, &mail.cc}) {
      for (const auto& person : *addressed) {
        add_once(present, person);
        add_once(people.thread, person);
        if (is_list_address(person.email, series.list_ids)) {
          add_once(people.lists, person);
        }
      }
    }
    if (people.signers.empty() && !mail.diff.empty()) {
      people.signers = signers_of(mail, series.submitter);
    }
  }
  add_once(people.thread, people.submitter);
  for (const auto& person : present) {
    people.present.push_back(person.email);
  }
  people.present.push_back(people.submitter.email);
  return people;
}

mail::Address addressed_person(const People& people, const Decision& decision) {
  for (const auto* group : {&people.signers, &people.authors}) {
    for (const auto& person : *group) {
      for (const auto& recipient : decision.recipients) {
        if (recipient.kept && mail::same_email(recipient.address.email, person.email)) {
          return person;
        }
      }
    }
  }
  return people.submitter;
}

}  // namespace patchmill::reports

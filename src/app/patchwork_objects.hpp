#pragma once
// What another Patchwork answers, as the registry has it. Missing fields are empty.

#include "registry/adopt.hpp"
#include "registry/model.hpp"

#include <boost/json/value.hpp>

#include <string_view>

namespace patchmill::app {

// "2026-01-05T10:00:01[.000001]" or with a blank; UTC unless it says otherwise (Z, +hh[:mm]).
// The beginning of 1970: no date.
Timestamp adopted_date(std::string_view text);
registry::Project adopted_project(const boost::json::object& object);
registry::User adopted_user(const boost::json::object& object);
registry::Person adopted_person(const boost::json::object& object);
// Without project and message.
registry::AdoptedMail adopted_mail(const boost::json::object& object);
registry::AdoptedComment adopted_comment(const boost::json::object& object);
registry::Check adopted_check(const boost::json::object& object);

}  // namespace patchmill::app

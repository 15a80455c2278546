#pragma once
// `patchmill mail`: cmd_mail.cpp has the forms, cmd_mail_send.cpp those that talk to a server.

#include "cli/command.hpp"

#include <string>
#include <vector>

namespace patchmill::cli {

struct MailStorage {
  std::vector<std::string> words;
  std::string limit = "100", state, why;
  bool delivered = false, not_delivered = false, once = false;
};

// Sends what is due, and unless --once goes on until it is interrupted.
int mail_send(const Common& common, const MailStorage& storage);
// One mail to one address, past the outbox; says what the server answered.
int mail_test(const Common& common, const std::string& address);

}  // namespace patchmill::cli

#pragma once
// Mail into a maildir (https://cr.yp.to/proto/maildir.html): written to tmp/, renamed to new/.

#include "delivery/transport.hpp"

#include <filesystem>
#include <memory>

namespace patchmill::delivery {

// The folder is made when it is missing. The file's name is made of Mailing::name and the
// recipients, so the same mail again is the same file, also after a reader has moved it to cur/
// or a crash left half of it in tmp/.
std::unique_ptr<Transport> make_maildir_transport(std::filesystem::path folder);

}  // namespace patchmill::delivery

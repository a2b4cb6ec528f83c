// Where the tests find what is checked in.
#pragma once

#include <string>

namespace culver::test {

/// The folder of the checkout, without a slash at its end.
std::string source_dir();

}  // namespace culver::test

// How many files and connections this process may have open. Without room for them everything fails
// in its own words, and none of them is true.
#pragma once

namespace culver::host {

/// As many as the system lets us have without asking, up to what is of use.
void raise_descriptor_limit();
/// Whether the limit is below what a verb needs, whatever it seems to have failed of.
bool few_descriptors();

}  // namespace culver::host

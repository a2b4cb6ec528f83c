// The hidden names of files that are being received, and how one of them becomes a file under its
// final name: system calls in an open folder.
#pragma once

#include <string>
#include <string_view>

#include "core/base/env.hpp"
#include "core/base/result.hpp"
#include "shell/host/file_descriptor.hpp"

namespace culver::store::parts {

/// Under this mark: 1..64 characters of base32.
std::string name_of(std::string_view mark);
bool is_name(std::string_view name);

/// Makes a part of a random name, and holds it; returns the name. Its mode is what the umask leaves
/// of 0777.
Result<std::string> make(int folder, host::FileDescriptor& file);
/// What is called that, if it is there.
host::FileDescriptor open(int folder, const std::string& name);
/// Where the file system knows no locks, nobody can be kept out.
bool lock_or_do_without(int fd);
/// Whether the open file is still what is called that, and ours alone.
bool is_ours(int fd, int folder, const std::string& name);
/// Removes a part that nobody holds, if it is older than that or nobody could continue it.
void sweep(int folder, const std::string& name, WallTime now, WallTime life);

/// Gives a file another name unless there is one of that name, whatever it is: 0 or an errno.
int rename_without_overwriting(int folder, const std::string& from, const std::string& to);
/// Gives it this name, or that with a number; a shorter or plainer one if the file system does not
/// take it. Returns the name. The part is as it was after a fault.
Result<std::string> give_final_name(int folder, const std::string& part, const std::string& name);

}  // namespace culver::store::parts

// Which device may come in, to which account it belongs, and what it is called.
#pragma once

#include "core/relay/directory.hpp"
#include "shell/store/sqlite/rows.hpp"

namespace culver::store::sqlite {

Result<relay::Admission> answer(Rows& rows, const relay::AdmitDevice& question);
Result<relay::Admission> answer(Rows& rows, const relay::LinkDevice& question);
Result<std::vector<relay::DeviceRecord>> answer(Rows& rows, const relay::ListDevices& question);
Result<relay::DeviceRecord> answer(Rows& rows, const relay::FindDevice& question);
Result<relay::DeviceRecord> answer(Rows& rows, const relay::RevokeDevice& question);
Result<relay::DeviceRecord> answer(Rows& rows, const relay::RenameDevice& question);
Result<void> answer(Rows& rows, const relay::SaveCursor& question);

}  // namespace culver::store::sqlite

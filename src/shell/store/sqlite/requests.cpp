#include "shell/store/sqlite/requests.hpp"

namespace culver::store::sqlite {

Result<void> Requests::prepare() {
  TRY(find_, database_.prepare("SELECT 1 FROM request WHERE device = ?1 AND nonce = ?2"));
  TRY(insert_, database_.prepare("INSERT INTO request (device, nonce) VALUES (?1, ?2)"));
  TRY(forget_, database_.prepare("DELETE FROM request WHERE device = ?1 AND id <= (SELECT id FROM"
                                 " request WHERE device = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)"));
  return {};
}

Result<relay::DeviceRecord> Requests::answer(const relay::SpendNonce& question) {
  TRY(const auto* device, rows_.device(question.device));
  if (!device) return fail(Fault::device_unknown);
  if (device->record.revoked) return fail(Fault::device_revoked);
  {
    const Reading reading(find_);
    find_.bind(1, device->id).bind(2, ByteView(question.nonce.view()));
    TRY(const bool found, find_.step());
    if (found) return fail(Fault::stale_request);
  }
  CHECK_OK(insert_.bind(1, device->id).bind(2, ByteView(question.nonce.view())).run());
  CHECK_OK(forget_.bind(1, device->id).bind(2, std::int64_t{question.kept}).run());
  return device->record;
}

}  // namespace culver::store::sqlite

#include "shell/store/sqlite/drops.hpp"

namespace culver::store::sqlite {

Result<void> Drops::prepare() {
  TRY(put_, database_.prepare(
                "INSERT INTO dead_drop (point, owner, code, relay_id, body, expires_at, prover)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (point, owner, prover) DO UPDATE"
                " SET code = excluded.code, relay_id = excluded.relay_id,"
                " body = excluded.body, expires_at = excluded.expires_at"));
  TRY(replace_unproven_,
      database_.prepare(
          "DELETE FROM dead_drop WHERE point = ?1 AND owner = ?2 AND length(prover) = 0"));
  TRY(list_, database_.prepare("SELECT point, owner, code, relay_id, body, expires_at, prover"
                               " FROM dead_drop"
                               " WHERE expires_at > ?1 ORDER BY expires_at, id"));
  TRY(prune_, database_.prepare("DELETE FROM dead_drop WHERE id IN (SELECT id FROM dead_drop"
                                " WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)"));
  return {};
}

Result<relay::DropsKept> Drops::answer(const relay::KeepDrops& question) {
  for (const auto& drop : question.drops) {
    const auto& [key, prover] = drop.owner;
    const auto* proven = std::get_if<UserId>(&prover);
    put_.bind_view(1, drop.point)
        .bind(2, ByteView(key.view()))
        .bind(3, drop.code.text())
        .bind_view(4, drop.relay_id)
        .bind_view(5, drop.text)
        .bind(6, drop.expires_at)
        .bind(7, proven ? ByteView(proven->view()) : as_bytes(""));  // empty, and not NULL
    CHECK_OK(put_.run());
    if (!proven) continue;
    replace_unproven_.bind_view(1, drop.point).bind(2, ByteView(key.view()));
    CHECK_OK(replace_unproven_.run());
  }
  return relay::DropsKept{};
}

Result<std::vector<relay::StoredDrop>> Drops::answer(const relay::ListDrops& question) {
  const Reading reading(list_);
  list_.bind(1, question.now);
  std::vector<relay::StoredDrop> drops;
  while (true) {
    TRY(const bool found, list_.step());
    if (!found) return drops;
    TRY(auto drop, read());
    drops.push_back(std::move(drop));
  }
}

Result<relay::StoredDrop> Drops::read() {
  const auto key = PublicKey::from(list_.blob_view(1));
  const auto code = PairingCode::parse(list_.text(2));
  const auto proven = list_.blob_view(6);
  const auto prover = UserId::from(proven);
  if (!key || !code || (!prover && !proven.empty())) return fail(Fault::store_failed);
  relay::Owner owner{*key, relay::Unproven{}};
  if (prover) owner.prover = *prover;
  return relay::StoredDrop{list_.text(0), owner,         *code,
                           list_.text(3), list_.text(4), list_.integer(5)};
}

Result<void> Drops::prune(WallTime now, std::uint32_t limit) {
  return prune_.bind(1, now).bind(2, std::int64_t{limit}).run();
}

}  // namespace culver::store::sqlite

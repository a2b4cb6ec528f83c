#include "core/ice/turn_lease.hpp"

#include <algorithm>
#include <utility>

namespace culver::ice::turn {

// ---- Request ------------------------------------------------------------------------------------

Request::Request(wire::stun::TransactionId id, ByteVector bytes, bool stream, TimePoint now,
                 TimePoint give_up)
    : id_(id), bytes_(std::move(bytes)), give_up_(give_up), left_(stream ? 0 : most_sends - 1) {
  wait(now);
}

void Request::wait(TimePoint now) {
  next_ = left_ > 0 ? std::min(now + wait_, give_up_) : give_up_;
}

const ByteVector* Request::due(TimePoint now) {
  if (now < next_ || left_ == 0 || given_up(now)) return nullptr;
  --left_;
  wait_ *= 2;
  wait(now);
  return &bytes_;
}

// ---- Login --------------------------------------------------------------------------------------

Result<Login> Login::from(const Params& params, const wire::stun::Message& refusal) {
  if (!refusal.realm || !refusal.nonce) return fail(Fault::relay_refused);
  return Login{
      params.user, *refusal.realm, *refusal.nonce,
      wire::stun::Key::long_term(params.user, *refusal.realm, as_text(params.password.expose()))};
}

ByteVector Login::sign(wire::stun::Message message) const {
  message.username = user;
  message.realm = realm;
  message.nonce = nonce;
  return print(message, &key);
}

// ---- Lease --------------------------------------------------------------------------------------

void Lease::ask(Request request) {
  request_ = std::move(request);
  due_.reset();
}

void Lease::granted(TimePoint renew, TimePoint expires) {
  request_.reset();
  due_ = renew;
  expires_ = expires;
  renewals_ = 0;
}

bool Lease::found_stale(TimePoint now) {
  request_.reset();
  if (++renewals_ > most_renewals) return false;
  due_ = now;
  return true;
}

bool Lease::unanswered(TimePoint now) {
  request_.reset();
  if (!expires_ || now >= *expires_) return false;
  due_ = now;
  return true;
}

std::optional<TimePoint> Lease::next(bool may_ask) const {
  if (request_) return fsm::earlier(request_->next(), expires_);
  return fsm::earlier(may_ask ? due_ : std::nullopt, expires_);
}

}  // namespace culver::ice::turn

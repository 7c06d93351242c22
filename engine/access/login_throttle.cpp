#include "engine/access/login_throttle.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/base/text.h"

namespace engine {
namespace {

constexpr int kFreeTriesOfName = 5;
constexpr int kFreeTriesOfAddress = 20;  // many people may share one address
constexpr int kDoublingsMax = 8;
constexpr storage::Seconds kForgetAfter{15 * 60};

std::string name_key(std::string_view username) {
  return "n:" + lower(username.substr(0, 256));
}
std::string address_key(std::string_view address) {
  return "a:" + std::string(address);
}

}  // namespace

int LoginThrottle::wait_seconds(const std::string& key) {
  auto found = index_.find(key);
  if (found == index_.end()) return 0;
  auto now = env_.now();
  const Entry& entry = *found->second;
  if (entry.until <= now) return 0;
  return static_cast<int>(std::chrono::ceil<storage::Seconds>(entry.until - now).count());
}

Result<Unit> LoginThrottle::admit(std::string_view username, std::string_view address) {
  std::lock_guard lock(mutex_);
  int wait = std::max(wait_seconds(name_key(username)), wait_seconds(address_key(address)));
  if (wait == 0) return Unit{};
  return Status::too_many_requests(
      "too many failed logins; try again in " + std::to_string(wait) + " s", wait);
}

void LoginThrottle::fail(const std::string& key, int free_tries) {
  auto now = env_.now();
  auto found = index_.find(key);
  if (found == index_.end()) {
    if (entries_.size() >= limits::kThrottleEntriesMax) {
      index_.erase(entries_.back().key);
      entries_.pop_back();
    }
    entries_.push_front({.key = key, .failures = 0, .until = {}, .last = now});
    index_[key] = entries_.begin();
  } else {
    entries_.splice(entries_.begin(), entries_, found->second);
  }
  Entry& entry = entries_.front();
  if (now - entry.last > kForgetAfter) entry.failures = 0;
  entry.last = now;
  int over = ++entry.failures - free_tries;
  if (over >= 0) entry.until = now + storage::Seconds(1 << std::min(over, kDoublingsMax));
}

void LoginThrottle::failed(std::string_view username, std::string_view address) {
  std::lock_guard lock(mutex_);
  fail(name_key(username), kFreeTriesOfName);
  fail(address_key(address), kFreeTriesOfAddress);
}

void LoginThrottle::succeeded(std::string_view username) {
  std::lock_guard lock(mutex_);
  auto found = index_.find(name_key(username));
  if (found == index_.end()) return;
  entries_.erase(found->second);
  index_.erase(found);
}

}  // namespace engine

#include "engine/controllers/runtime/log_tap.h"

namespace engine {

LogTap::~LogTap() {
  stop();
}

void LogTap::add(std::string key_prefix, Listener listener) {
  taps_.push_back({std::move(key_prefix), std::move(listener)});
}

Result<Unit> LogTap::start() {
  auto current = store_.current();
  if (!current) return Status::service_unavailable(current.error().message);
  auto follow = store_.follow(current.value(), *this);
  if (!follow) return Status::service_unavailable(follow.error().message);
  follow_ = std::move(follow).value();
  return Unit{};
}

void LogTap::stop() {
  follow_.reset();
}

void LogTap::on_events(std::span<const storage::Event> events, storage::Revision) {
  for (const storage::Event& event : events)
    for (const Tap& tap : taps_)
      if (event.key.starts_with(tap.key_prefix)) tap.listener(event);
}

}  // namespace engine

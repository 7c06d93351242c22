#include "tests/contract/store/store_fixture.h"

#include "storage/all.h"

namespace tests {
namespace {

std::vector<std::string> names(bool durable_only) {
  StoreSet set;
  register_all(set);
  std::vector<std::string> result;
  for (const StoreEntry& entry : set.entries()) {
    if (!durable_only || entry.durable == Durability::disk) result.emplace_back(entry.name);
  }
  return result;
}

}  // namespace

std::vector<std::string> all_stores() {
  return names(false);
}
std::vector<std::string> durable_stores() {
  return names(true);
}

StoreUnderTest::StoreUnderTest(const std::string& name) {
  register_all(set_);
  entry_ = set_.find(name);
  REQUIRE(entry_);
  reopen();
}

void StoreUnderTest::reopen() {
  store.reset();
  auto opened = entry_->open(env, {.data_dir = dir.path()});
  INFO((opened ? std::string() : opened.error().message));
  REQUIRE(opened);
  store = std::move(*opened);
}

std::vector<std::string> keys_of(const Page& page) {
  std::vector<std::string> keys;
  for (const Record& record : page.records) keys.push_back(record.key);
  return keys;
}

void Recorder::on_events(std::span<const Event> events, Revision upto) {
  std::lock_guard lock(mutex_);
  if (inside_) faults_.push_back("two calls at once");
  inside_ = true;
  if (upto <= upto_)
    faults_.push_back("upto went from " + std::to_string(upto_) + " to " + std::to_string(upto));
  for (const Event& event : events) {
    if (event.revision <= upto_) faults_.push_back("an event of the past: " + event.key);
    if (event.revision > upto) faults_.push_back("an event after upto: " + event.key);
    if (!events_.empty() && event.revision < events_.back().revision) {
      faults_.push_back("out of order: " + event.key);
    }
    events_.push_back(event);
  }
  upto_ = upto;
  inside_ = false;
}

std::vector<Event> Recorder::events() {
  std::lock_guard lock(mutex_);
  return events_;
}
Revision Recorder::upto() {
  std::lock_guard lock(mutex_);
  return upto_;
}
std::vector<std::string> Recorder::faults() {
  std::lock_guard lock(mutex_);
  return faults_;
}

std::vector<std::string> lines_of(const std::vector<Event>& events) {
  std::vector<std::string> lines;
  for (const Event& event : events) {
    lines.push_back(
        (event.value ? "put " + event.key + " " + *event.value : "delete " + event.key) + " @" +
        std::to_string(event.revision));
  }
  return lines;
}

}  // namespace tests

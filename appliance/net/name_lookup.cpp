#include "appliance/net/name_lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>

namespace appliance {
namespace {

using Addresses = std::vector<std::string>;
using Found = engine::Result<Addresses>;

constexpr int kThreads = 3;
constexpr size_t kHosts = 1024;  // that may wait or be kept
constexpr auto kKeepFor = storage::Millis(5'000);

bool is_numeric(const std::string& host) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

Found ask_resolver(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  int error = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error != 0) {
    std::string why = error == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(error);
    return engine::Status::service_unavailable("cannot find the address of " + host + ": " + why);
  }
  Addresses out;
  for (addrinfo* at = list; at; at = at->ai_next) {
    char text[INET6_ADDRSTRLEN];
    const void* from = nullptr;
    if (at->ai_family == AF_INET) from = &reinterpret_cast<sockaddr_in*>(at->ai_addr)->sin_addr;
    if (at->ai_family == AF_INET6) from = &reinterpret_cast<sockaddr_in6*>(at->ai_addr)->sin6_addr;
    if (!from || !inet_ntop(at->ai_family, from, text, sizeof text)) continue;
    if (std::find(out.begin(), out.end(), text) == out.end()) out.emplace_back(text);
  }
  freeaddrinfo(list);
  if (out.empty()) return engine::Status::service_unavailable(host + " has no address");
  return out;
}

}  // namespace

class NameLookup::Impl {
 public:
  explicit Impl(storage::Env& env) : env_(env) {
    for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this] { work(); });
  }

  ~Impl() {
    std::vector<Done> left;
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      for (auto& [host, asked] : hosts_)
        for (auto& done : asked.waiting) left.push_back(std::move(done));
      hosts_.clear();
      line_.clear();
    }
    more_.notify_all();
    for (auto& thread : threads_) thread.join();
    for (auto& done : left) done(engine::Status::service_unavailable("the program is stopping"));
  }

  void find(const std::string& host, Done done) {
    if (is_numeric(host)) return done(Addresses{host});
    std::unique_lock lock(mutex_);
    auto found = hosts_.find(host);
    if (found != hosts_.end() && found->second.answer && env_.now() < found->second.until) {
      Found answer = *found->second.answer;
      lock.unlock();
      return done(std::move(answer));
    }
    if (found == hosts_.end() && hosts_.size() >= kHosts) {
      drop_old();
      if (hosts_.size() >= kHosts) {
        lock.unlock();
        return done(engine::Status::too_many_requests("too many names are being looked up", 1));
      }
    }
    Asked& asked = hosts_[host];
    asked.answer.reset();
    asked.waiting.push_back(std::move(done));
    if (asked.waiting.size() > 1) return;
    line_.push_back(host);
    more_.notify_one();
  }

 private:
  struct Asked {
    std::optional<Found> answer;
    storage::Instant until;
    std::vector<Done> waiting;
  };

  void drop_old() {
    auto now = env_.now();
    std::erase_if(hosts_,
                  [&](auto& entry) { return entry.second.answer && now >= entry.second.until; });
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      more_.wait(lock, [&] { return stopping_ || !line_.empty(); });
      if (stopping_) return;
      std::string host = std::move(line_.front());
      line_.erase(line_.begin());
      lock.unlock();
      Found answer = ask_resolver(host);
      lock.lock();
      auto found = hosts_.find(host);
      if (found == hosts_.end()) continue;
      std::vector<Done> waiting = std::move(found->second.waiting);
      found->second.waiting.clear();
      if (answer) {
        found->second.answer = answer;
        found->second.until = env_.now() + kKeepFor;
      } else {
        hosts_.erase(found);
      }
      lock.unlock();
      for (auto& done : waiting) done(answer);
      lock.lock();
    }
  }

  storage::Env& env_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::map<std::string, Asked> hosts_;
  std::vector<std::string> line_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

NameLookup::NameLookup(storage::Env& env) : impl_(std::make_unique<Impl>(env)) {}
NameLookup::~NameLookup() = default;
void NameLookup::find(const std::string& host, Done done) {
  impl_->find(host, std::move(done));
}

}  // namespace appliance

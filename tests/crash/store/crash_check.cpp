#include "tests/crash/store/crash_check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "storage/sqlite/backup.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/support/thread_env.h"

namespace tests {
namespace {

using namespace storage;

// Each thread has one write under way, so the number on disk is the acknowledged one or the one
// after it.
void check_thread(Store& store, int thread, Acknowledged& all, std::vector<std::string>& faults) {
  uint64_t& acknowledged = all.number[static_cast<size_t>(thread)];
  const uint64_t late = std::exchange(all.late[static_cast<size_t>(thread)], 0);
  const std::string name = "thread " + std::to_string(thread) + ": ";
  std::array<std::optional<Record>, 3> keys;
  for (int half : {0, 1, 2}) {
    auto got = store.get(crash_key(thread, half));
    if (!got) {
      faults.push_back(name + got.error().message);
      return;
    }
    keys[half] = std::move(*got);
  }
  if (!keys[0]) {
    if (acknowledged != 0) faults.push_back(name + "everything is lost");
    return;
  }
  const uint64_t number = std::strtoull(keys[0]->value.c_str(), nullptr, 10);
  all.late_lost += number < late;
  if (number < acknowledged || number > std::max(acknowledged, late) + 1) {
    faults.push_back(name + "acknowledged " + std::to_string(acknowledged) + ", found " +
                     std::to_string(number));
  }
  acknowledged = std::max(acknowledged, number);
  if (keys[0]->value != crash_value(number)) faults.push_back(name + "a torn value");
  if (!keys[1] || keys[1]->value != keys[0]->value || keys[1]->modified != keys[0]->modified) {
    faults.push_back(name + "half a transaction");
  }
  if (keys[2].has_value() != (number % 2 == 1))
    faults.push_back(name + "half a transaction (delete)");
}

}  // namespace

std::span<const Migration> crash_migrations() {
  static const std::vector<Migration> all = [] {
    std::vector<Migration> out(all_migrations().begin(), all_migrations().end());
    out.push_back({"a later table", "CREATE TABLE later(n INTEGER NOT NULL);"});
    out.push_back({"and its row", "INSERT INTO later SELECT count(*) FROM log;"});
    return out;
  }();
  return all;
}

CrashWriter::CrashWriter(const std::string& path, const std::string& synchronous,
                         const CrashWriterOptions& options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  ::fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
  pipe_ = ends[0];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::string program = CRASH_WRITER, where = path, how = synchronous;
  std::string doing = options.doing;
  char* arguments[] = {program.data(), where.data(), how.data(), doing.data(), nullptr};
  std::vector<std::string> more;
  if (!options.failpoint.empty()) more.push_back("PADDOCK_FAILPOINT=" + options.failpoint);
  if (!options.disk.empty()) {
    more.push_back("PADDOCK_DISK=" + options.disk);
    more.push_back("LD_PRELOAD=" SYNC_SHIM);
  }
  std::vector<char*> variables;
  for (char** one = environ; *one; ++one) variables.push_back(*one);
  for (std::string& one : more) variables.push_back(one.data());
  variables.push_back(nullptr);
  if (::posix_spawn(&pid_, CRASH_WRITER, &actions, nullptr, arguments, variables.data()) != 0)
    pid_ = -1;
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
}

CrashWriter::~CrashWriter() {
  kill();
  if (pipe_ >= 0) ::close(pipe_);
}

bool CrashWriter::wait_for_work() {
  char byte;
  while (::read(pipe_, &byte, 1) == 1) {
    early_ += byte;
    if (byte == '\n') return early_[0] == 'A';
  }
  return false;
}

void CrashWriter::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

CrashWriter::End CrashWriter::wait_for_end(std::chrono::seconds at_most) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (pid_ > 0 && std::chrono::steady_clock::now() < end) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? End::killed_itself : End::other;
    }
    // What it tells must not fill the pipe, or it would wait for us and never get there.
    pollfd readable{pipe_, POLLIN, 0};
    char buffer[65536];
    if (::poll(&readable, 1, 5) == 1 && (readable.revents & POLLIN) != 0) {
      const ssize_t got = ::read(pipe_, buffer, sizeof(buffer));
      if (got > 0) early_.append(buffer, static_cast<size_t>(got));
    }
  }
  return End::none;
}

void CrashWriter::take_line(const std::string& line, Acknowledged& acknowledged) {
  std::istringstream words(line);
  std::string kind;
  size_t thread = 0;
  uint64_t number = 0;
  Revision revision = 0;
  words >> kind;
  if (kind == "F") acknowledged.failure = line.substr(2);
  if (kind != "A" || !(words >> thread >> number >> revision) || thread >= kCrashThreads) return;
  auto& newest = without_power_ ? acknowledged.late : acknowledged.number;
  newest[thread] = std::max(newest[thread], number);
  if (without_power_) return;
  acknowledged.revision = std::max(acknowledged.revision, revision);
  ++acknowledged.count;
}

// The whole lines of what was read.
void CrashWriter::take_lines(Acknowledged& acknowledged) {
  const size_t end = early_.rfind('\n') + 1;
  std::istringstream lines(early_.substr(0, end));
  for (std::string line; std::getline(lines, line);) take_line(line, acknowledged);
  early_.erase(0, end);
}

void CrashWriter::power_goes(Acknowledged& acknowledged) {
  pollfd readable{pipe_, POLLIN, 0};
  char buffer[65536];
  while (::poll(&readable, 1, 0) == 1 && (readable.revents & POLLIN) != 0) {
    const ssize_t got = ::read(pipe_, buffer, sizeof(buffer));
    if (got <= 0) break;
    early_.append(buffer, static_cast<size_t>(got));
  }
  take_lines(acknowledged);
  without_power_ = true;
}

void CrashWriter::collect(Acknowledged& acknowledged) {
  char buffer[65536];
  for (ssize_t got = ::read(pipe_, buffer, sizeof(buffer)); got > 0;
       got = ::read(pipe_, buffer, sizeof(buffer))) {
    early_.append(buffer, static_cast<size_t>(got));
  }
  kill();
  take_lines(acknowledged);
}

std::vector<std::string> faults_after_crash(const std::string& path, Acknowledged& acknowledged) {
  std::vector<std::string> faults;
  ThreadEnv env;
  const auto start = std::chrono::steady_clock::now();
  auto store = SqliteStore::open(env, {.path = path});
  if (!store) return {"does not open: " + store.error().message};
  if (std::chrono::steady_clock::now() - start > std::chrono::seconds(3))
    faults.push_back("slow to open");
  for (int t = 0; t < kCrashThreads; ++t) check_thread(**store, t, acknowledged, faults);
  auto current = (*store)->current();
  if (!current || *current < acknowledged.revision) {
    faults.push_back("the revision went back from " + std::to_string(acknowledged.revision));
  }
  store->reset();
  if (auto report = verify_file(path); !report) faults.push_back(report.error().message);
  const std::string backup = path + ".backup";
  if (::access(backup.c_str(), F_OK) == 0) {
    // A file of this name is a whole backup, however the process ended.
    if (auto report = verify_file(backup); !report) faults.push_back(report.error().message);
  }
  return faults;
}

}  // namespace tests

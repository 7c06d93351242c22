#include "tests/load/bench/side.h"

#include <poll.h>
#include <sys/resource.h>

#include <array>
#include <cstdio>

#include "tests/load/bench/answer_reader.h"

namespace bench {

long rss_kib(const Side& side) {
  long sum = 0;
  for (int pid : side.pids) sum += load::rss_kib(pid);
  return sum;
}

std::string head(const Side& side, std::string_view method, std::string_view path) {
  std::string out(method);
  out.append(" ").append(side.prefix).append(path);
  out += " HTTP/1.1\r\nHost: " + side.target.address + ":" + std::to_string(side.target.port);
  out += "\r\nUser-Agent: bench\r\nAccept: application/json\r\n" + side.authorization;
  return out;
}

std::string get(const Side& side, std::string_view path) {
  return head(side, "GET", path) + "\r\n";
}

std::string with_body(const Side& side, std::string_view method, std::string_view path,
                      std::string_view body) {
  std::string out = head(side, method, path);
  out += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size());
  out += "\r\n\r\n";
  return out.append(body);
}

std::string config_maps(std::string_view space) {
  return "/api/v1/namespaces/" + std::string(space) + "/configmaps";
}

std::string name_of(uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "cm-%07llu", static_cast<unsigned long long>(number));
  return text;
}

std::string config_map(std::string_view name, uint64_t mark, size_t size) {
  std::string value = std::to_string(mark) + "-";
  uint64_t state = mark * 6364136223846793005u + 1442695040888963407u;
  while (value.size() < size) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value.push_back(static_cast<char>('a' + (state >> 33) % 26));
  }
  std::string out = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")";
  out.append(name).append(R"("},"data":{"value":")").append(value).append(R"("}})");
  return out;
}

Reply ask(const Side& side, const std::string& text) {
  load::Socket socket;
  Reply out;
  if (!socket.open(side.target, side.context.get())) return out;
  if (socket.write(text) != static_cast<long>(text.size())) return out;
  AnswerReader reader;
  std::array<char, 65536> buffer;
  for (;;) {
    long got = socket.read(buffer.data(), buffer.size());
    if (got < 0) return out;
    if (got == 0) {
      pollfd wait{socket.fd(), POLLIN, 0};
      if (poll(&wait, 1, 30'000) <= 0) return out;
      continue;
    }
    if (reader.feed(std::string_view(buffer.data(), static_cast<size_t>(got)))) break;
  }
  out.status = reader.status();
  out.beginning = reader.beginning();
  return out;
}

std::string revision_now(const Side& side, std::string_view space) {
  static constexpr std::string_view kField = "\"resourceVersion\":\"";
  Reply reply = ask(side, get(side, config_maps(space) + "?limit=1"));
  size_t at = reply.beginning.find(kField);
  if (reply.status != 200 || at == std::string::npos) return {};
  at += kField.size();
  return reply.beginning.substr(at, reply.beginning.find('"', at) - at);
}

double OwnBusy::own_cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double OwnBusy::share() const {
  double passed = ms_between(begun_, Clock::now()) / 1000;
  return passed > 0 ? (own_cpu_seconds() - cpu_) / passed : 0;
}

}  // namespace bench

// Simulation of the tunnel: two sessions joined by pipes of limited speed, with bulk streams,
// followed logs, a watch and readers that stall, from a seed. Checked: every connection's bytes
// arrive whole and in order; what is in flight stays within the limits; a stalled or busy neighbour
// delays the watch by no more than its own share; everything ends once readers read; a lost tunnel
// leaves nothing behind.
//   tunnel_sim [FIRST_SEED [COUNT]]      a failing seed prints the command that replays it
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/tunnel/session.h"

using namespace engine;
using What = TunnelEvent::What;

namespace {

uint64_t g_seed = 0;

void check(bool holds, const char* what) {
  if (holds) return;
  std::printf("seed %llu: %s\n  replay: tunnel_sim %llu 1\n",
              static_cast<unsigned long long>(g_seed), what,
              static_cast<unsigned long long>(g_seed));
  std::exit(1);
}

char byte_of(TunnelConnId conn, uint64_t at) {
  return static_cast<char>((at * 131 + static_cast<uint64_t>(conn) * 17 + (at >> 11)) & 0xff);
}

std::string bytes_of(TunnelConnId conn, uint64_t from, size_t count) {
  std::string out(count, 0);
  for (size_t i = 0; i < count; ++i) out[i] = byte_of(conn, from + i);
  return out;
}

constexpr size_t kPipeBytes = 64u << 10;  // what may wait in the socket, as the glue allows
constexpr size_t kStepBytes = 32u << 10;  // what the line carries in a step

struct Pipe {
  std::deque<std::string> messages;
  size_t bytes = 0;
  size_t budget = 0;
};

// One stream from the agent's side (as a cluster's API sends it) to the server's reader.
struct Flow {
  uint64_t total = 0;   // bytes the source has in all
  uint64_t made = 0;    // bytes it could give by now
  uint64_t given = 0;   // handed to the agent's session
  uint64_t got = 0;     // arrived at the server
  uint64_t unread = 0;  // arrived and not consumed
  size_t made_per_step = 0;
  size_t read_per_step = 0;
  uint64_t stalled_until = 0;
  bool writable = true;
  bool ended = false;   // the agent finished it
  bool closed = false;  // the server heard the end
  bool is_watch = false;
  std::deque<std::pair<uint64_t, uint64_t>>
      marks;  // watch: offset of an event's end, step it was made
};

TunnelLimits limits() {
  TunnelLimits limits;
  limits.window_bytes = 128u << 10;
  limits.overrun_bytes = 2u << 20;
  return limits;
}

class World {
 public:
  explicit World(uint64_t seed)
      : random_(seed),
        known_(seed % 2 == 0),
        server_(TunnelSession::Role::server, limits()),
        agent_(TunnelSession::Role::agent, limits()) {}

  void run() {
    const size_t flows = 2 + random_() % 40;
    for (size_t i = 0; i < flows; ++i) open(i);
    const bool lose = random_() % 4 == 0;
    const uint64_t lost_at = random_() % 200;
    for (step_ = 0; open_ > 0; ++step_) {
      check(step_ < 60'000, "streams do not end although their readers read");
      if (lose && step_ == lost_at) return lost();
      sources();
      move(agent_, server_, to_server_);
      take_server();
      readers();
      move(server_, agent_, to_agent_);
      take_agent();
    }
    check(server_.size() == 0 && agent_.size() == 0, "ended connections are still known");
    check(worst_watch_ <= allowed_watch(flows), "the watch waited longer than its share");
  }

 private:
  void open(size_t number) {
    const auto id = server_.connect("tcp", "10.0.0.1:443");
    check(id.ok(), "connect");
    Flow& flow = flows_[*id];
    flow.is_watch = number == 0;
    const bool bulk = number % 5 == 1;
    flow.total = flow.is_watch ? 40'000
                 : bulk        ? (1u << 20) + random_() % (4u << 20)
                               : random_() % 400'000;
    flow.made_per_step = flow.is_watch ? 100 : bulk ? 1u << 20 : 100 + random_() % 4000;
    flow.read_per_step = flow.is_watch ? 1u << 20 : 1000 + random_() % 64'000;
    if (!flow.is_watch && random_() % 3 == 0) flow.stalled_until = random_() % 2000;
    ++open_;
  }

  uint64_t allowed_watch(size_t flows) const {
    // Behind a full socket and one frame of every neighbour, then the line's own delay of a few
    // steps.
    return (kPipeBytes + (flows + 2) * (limits().frame_bytes + 64)) / kStepBytes + 4;
  }

  void sources() {
    for (auto& [id, flow] : flows_) {
      if (flow.ended || !started_.count(id)) continue;
      const uint64_t before = flow.made;
      flow.made = std::min<uint64_t>(flow.total, flow.made + flow.made_per_step);
      if (flow.is_watch && flow.made > before) flow.marks.emplace_back(flow.made, step_);
      while (flow.writable && flow.given < flow.made) {
        const size_t bytes = std::min<uint64_t>(16u << 10, flow.made - flow.given);
        flow.writable = agent_.send(id, bytes_of(id, flow.given, bytes));
        flow.given += bytes;
        check(agent_.queued(id) < limits().send_queue_bytes + (16u << 10), "send queue over limit");
      }
      if (flow.given == flow.total) {
        agent_.finish(id);
        flow.ended = true;
      }
    }
  }

  void move(TunnelSession& from, TunnelSession& to, Pipe& pipe) {
    TunnelFrame frame;
    while (pipe.bytes < kPipeBytes && from.next(frame)) {
      pipe.messages.push_back(frame.head + std::string(frame.payload));
      pipe.bytes += pipe.messages.back().size();
    }
    pipe.budget += kStepBytes;
    while (!pipe.messages.empty() && pipe.messages.front().size() <= pipe.budget) {
      const std::string message = std::move(pipe.messages.front());
      pipe.messages.pop_front();
      pipe.bytes -= message.size();
      pipe.budget -= message.size();
      const auto read = decode_tunnel_message(message);
      // Every other seed plays a peer that only knows Pause: no window gets through.
      if (!known_ && read.ok() && read->is(TunnelType::window)) continue;
      check(to.receive(message).ok(), "a message of ours is refused");
      auto& heard = &to == &server_ ? server_events_ : agent_events_;
      for (auto& event : to.take_events()) {
        heard.push_back({event.what, event.conn, {}, event.text + std::string(event.bytes)});
      }
    }
    if (pipe.messages.empty()) pipe.budget = 0;
    for (auto& event : from.take_events()) {
      (&from == &server_ ? server_events_ : agent_events_).push_back(std::move(event));
    }
  }

  void take_server() {
    for (const auto& event : std::exchange(server_events_, {})) {
      Flow& flow = flows_[event.conn];
      if (event.what == What::closed) {
        check(event.text == kTunnelEof, "a stream was cut");
        check(flow.got == flow.total, "a stream ended before all of it came");
        flow.closed = true;
        --open_;
      } else if (event.what == What::data) {
        take_data(event.conn, flow, event.text);
      }
    }
  }

  void take_data(TunnelConnId id, Flow& flow, const std::string& bytes) {
    for (size_t i = 0; i < bytes.size(); ++i) {
      check(bytes[i] == byte_of(id, flow.got + i), "bytes out of order");
    }
    flow.got += bytes.size();
    flow.unread += bytes.size();
    while (!flow.marks.empty() && flow.marks.front().first <= flow.got) {
      worst_watch_ = std::max(worst_watch_, step_ - flow.marks.front().second);
      flow.marks.pop_front();
    }
    const size_t most = known_ ? limits().window_bytes : limits().overrun_bytes;
    check(server_.outstanding(id) <= most, "more in flight than allowed");
  }

  void readers() {
    for (auto& [id, flow] : flows_) {
      if (step_ < flow.stalled_until) continue;
      const uint64_t bytes = std::min<uint64_t>(flow.unread, flow.read_per_step);
      flow.unread -= bytes;
      server_.consumed(id, bytes);
    }
  }

  void take_agent() {
    for (const auto& event : std::exchange(agent_events_, {})) {
      if (event.what == What::connect) started_[event.conn] = true;
      if (event.what == What::writable) flows_[event.conn].writable = true;
      check(event.what != What::closed || flows_[event.conn].ended, "the server cut a stream");
    }
  }

  void lost() {
    // What the owner must tell is listed by the session: all that the server has not heard ending.
    size_t known = 0;
    for (const TunnelConnId id : server_.connections()) known += !flows_[id].closed;
    check(known == open_, "a lost tunnel forgets a connection");
  }

  std::mt19937_64 random_;
  const bool known_;
  TunnelSession server_, agent_;
  Pipe to_server_, to_agent_;
  std::map<TunnelConnId, Flow> flows_;
  std::map<TunnelConnId, bool> started_;
  std::vector<TunnelEvent> server_events_, agent_events_;
  uint64_t step_ = 0;
  size_t open_ = 0;
  uint64_t worst_watch_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 60;
  for (g_seed = first; g_seed < first + count; ++g_seed) World(g_seed).run();
  std::printf("%llu seeds\n", static_cast<unsigned long long>(count));
  return 0;
}

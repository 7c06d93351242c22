#include "appliance/edge/http_engine.h"

// No descriptor of ours is in a select(); the limit on the request line is ours, checked before.
#define CPPHTTPLIB_USE_POLL
#define CPPHTTPLIB_REQUEST_URI_MAX_LENGTH 65536
#include <httplib.h>

#include <cstring>
#include <ctime>
#include <exception>
#include <utility>

#include "appliance/edge/http_text.h"
#include "storage/base/log.h"

namespace appliance {
namespace {

namespace log = storage::log;

// Gives httplib the request line and takes the answer's head; there is no socket.
class ConnStream final : public httplib::Stream {
 public:
  void reset(std::string* out) {
    in_.clear();
    at_ = 0;
    out_ = out;
  }
  std::string& in() { return in_; }

  bool is_readable() const override { return at_ < in_.size(); }
  bool is_writable() const override { return true; }
  ssize_t read(char* into, size_t size) override {
    size_t take = std::min(size, in_.size() - at_);
    std::memcpy(into, in_.data() + at_, take);
    at_ += take;
    return static_cast<ssize_t>(take);
  }
  ssize_t write(const char* from, size_t size) override {
    out_->append(from, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return -1; }

 private:
  std::string in_;
  size_t at_ = 0;
  std::string* out_ = nullptr;
};

bool may_have_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

// A handler's header must not be able to end its line and begin another.
void append_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  for (char c : value) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
  out += "\r\n";
}

}  // namespace

class HttpEngine::Server final : public httplib::Server {
 public:
  explicit Server(const HttpEngine::Handler& handler) : handler_(handler) {
    set_pre_routing_handler([this](const httplib::Request&, httplib::Response& response) {
      route(response);
      return HandlerResponse::Handled;
    });
    set_header_writer(
        [this](httplib::Stream& out, httplib::Headers&) { return write_headers(out); });
  }

  Outcome process(const RequestLine& line, engine::Request* request, engine::Answer* ready) {
    Outcome outcome;
    line_ = &line;
    request_ = request;
    ready_ = ready;
    outcome_ = &outcome;
    response_ = nullptr;
    outcome.close = !line.keep_alive;
    std::string written;
    stream_.reset(&written);
    std::string& in = stream_.in();
    in += line.method;
    // The path itself has been taken apart before; what httplib would make of it is not used.
    in += line.http10 ? " / HTTP/1.0\r\n" : " / HTTP/1.1\r\n";
    in += outcome.close ? "Connection: close\r\n\r\n" : "\r\n";
    bool wants_close = false;
    static const std::string nobody;
    process_request(stream_, nobody, 0, nobody, 0, outcome.close, wants_close, nullptr);
    if (!outcome.pending && !writes_itself()) outcome.head = std::move(written);
    if (!response_ && !outcome.pending && !outcome.stream) outcome.close = true;
    if (line.method == "HEAD" && !outcome.stream) {
      outcome.body.clear();
      outcome.parts.reset();
    }
    return outcome;
  }

  void set_closing(std::function<bool()> closing) { closing_ = std::move(closing); }

 private:
  bool writes_itself() const { return outcome_->stream && !outcome_->stream->head; }

  // The one boundary for what a handler throws.
  engine::Answer call() {
    try {
      engine::Answer answer = ready_ ? std::move(*ready_) : handler_(*request_);
      while (auto* late = std::get_if<engine::Late>(&answer)) answer = engine::Answer(late->make());
      return answer;
    } catch (const std::exception& e) {
      log::error("a request failed",
                 {{"method", line_->method}, {"target", line_->target}, {"error", e.what()}});
    } catch (...) {
      log::error("a request failed", {{"method", line_->method}, {"target", line_->target}});
    }
    return refusal_response(
        {500, "InternalError", "an internal error occurred; the server's log says more"});
  }

  void route(httplib::Response& out) {
    answer_ = call();
    out.status = 200;
    if (auto* response = std::get_if<engine::Response>(&answer_)) {
      response_ = response;
    } else if (auto* stream = std::get_if<engine::Stream>(&answer_)) {
      outcome_->stream = std::move(*stream);
      response_ = outcome_->stream->head ? &*outcome_->stream->head : nullptr;
    } else {
      outcome_->pending = std::move(std::get<engine::Pending>(answer_));
    }
    if (response_) out.status = response_->status;
    if (!response_ || outcome_->stream) return;
    outcome_->body = std::move(response_->body);
    outcome_->parts = std::move(response_->parts);
  }

  // Instead of httplib's own: headers in the handler's order, and lengths from what is really sent.
  ssize_t write_headers(httplib::Stream& out) {
    std::string text;
    if (response_) {
      text.reserve(256);
      add_headers(text);
    }
    text += "\r\n";
    return out.write(text.data(), text.size());
  }

  void add_headers(std::string& text) {
    bool length_given = false;
    for (const auto& [name, value] : response_->headers) {
      if (http_text::same(name, "connection") && !outcome_->stream) continue;
      if (http_text::same(name, "content-length")) {
        if (!outcome_->stream) continue;
        length_given = true;
      }
      if (!http_text::is_token(name)) continue;
      append_header(text, name, value);
    }
    append_header(text, "Date", date());
    if (outcome_->stream) {
      // What has neither a length nor chunks ends with the connection.
      bool delimited = length_given || response_->status == 101 ||
                       http_text::has_item(response_->headers.get("Transfer-Encoding"), "chunked");
      if (!delimited) text += "Connection: close\r\n";
      return;
    }
    if (may_have_body(response_->status)) {
      size_t bytes = outcome_->body.size() + (outcome_->parts ? outcome_->parts->bytes() : 0);
      append_header(text, "Content-Length", std::to_string(bytes));
    }
    // Asked after the handler has run: a server may have begun to stop meanwhile.
    if (closing_ && closing_()) outcome_->close = true;
    if (http_text::has_item(response_->headers.get("Connection"), "close")) outcome_->close = true;
    if (outcome_->close) {
      text += "Connection: close\r\n";
    } else if (line_->http10) {
      text += "Connection: keep-alive\r\n";
    }
  }

  // The Date header is for caches and people; it is made once a second.
  const std::string& date() {
    std::time_t now = std::time(nullptr);
    if (now != date_at_) {
      static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
      static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
      std::tm parts{};
      gmtime_r(&now, &parts);
      char buffer[64];
      std::snprintf(buffer, sizeof buffer, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                    kDays[parts.tm_wday], parts.tm_mday, kMonths[parts.tm_mon],
                    parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
      date_ = buffer;
      date_at_ = now;
    }
    return date_;
  }

  const HttpEngine::Handler& handler_;
  std::function<bool()> closing_;
  ConnStream stream_;
  // Of the request under way.
  const RequestLine* line_ = nullptr;
  engine::Request* request_ = nullptr;
  engine::Answer* ready_ = nullptr;
  Outcome* outcome_ = nullptr;
  engine::Response* response_ = nullptr;
  engine::Answer answer_;
  std::string date_;
  std::time_t date_at_ = 0;
};

HttpEngine::HttpEngine(const Handler& handler) : server_(std::make_unique<Server>(handler)) {}
HttpEngine::~HttpEngine() = default;

Outcome HttpEngine::run(const RequestLine& line, engine::Request& request) {
  return server_->process(line, &request, nullptr);
}

Outcome HttpEngine::answer(const RequestLine& line, engine::Answer answer) {
  return server_->process(line, nullptr, &answer);
}

void HttpEngine::set_closing(std::function<bool()> closing) {
  server_->set_closing(std::move(closing));
}

}  // namespace appliance

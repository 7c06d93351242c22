#include "engine/schema/pattern.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "engine/base/limits.h"
#include "engine/base/utf8.h"
#include "engine/schema/pattern_parser.h"

namespace engine {

namespace pattern {

bool Set::has(uint32_t c) const {
  auto in = [&](uint32_t x) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const Range& r) { return x >= r.low && x <= r.high; });
  };
  bool found = in(c);
  if (!found && fold && c < 128) {
    uint32_t lower = c | 0x20;
    if (lower >= 'a' && lower <= 'z') found = in(lower) || in(lower & ~0x20u);
  }
  return found != negated;
}

}  // namespace pattern

namespace {

using pattern::Node;

enum class Op : uint8_t {
  set,
  split,
  jump,
  text_begin,
  text_end,
  line_begin,
  line_end,
  word,
  not_word,
  match
};

struct Instruction {
  Op op;
  uint32_t a = 0;  // the next one; for set: which set
  uint32_t b = 0;  // split: the other next one
};

class Program final : public Pattern {
 public:
  std::vector<Instruction> code;
  std::vector<pattern::Set> sets;

  bool found_in(std::string_view text) const override;

 private:
  struct Threads {
    std::vector<uint32_t> list;
    std::vector<uint32_t> seen;  // generation in which an instruction was added
    std::vector<uint32_t> todo = {};
  };
  struct Spot {
    bool begin, end;
    uint32_t before, after;  // characters beside; 0 at the ends
  };
  bool add(Threads& threads, uint32_t generation, uint32_t pc, const Spot& spot) const;
  static bool holds(Op op, const Spot& spot);
};

bool is_word(uint32_t c) {
  return c < 128 &&
         ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_');
}

bool Program::holds(Op op, const Spot& spot) {
  switch (op) {
    case Op::text_begin:
      return spot.begin;
    case Op::text_end:
      return spot.end;
    case Op::line_begin:
      return spot.begin || spot.before == '\n';
    case Op::line_end:
      return spot.end || spot.after == '\n';
    case Op::word:
      return is_word(spot.before) != is_word(spot.after);
    default:
      return is_word(spot.before) == is_word(spot.after);
  }
}

// Follows what consumes nothing; true when that reaches a match.
bool Program::add(Threads& threads, uint32_t generation, uint32_t pc, const Spot& spot) const {
  std::vector<uint32_t>& todo = threads.todo;
  todo.assign(1, pc);
  while (!todo.empty()) {
    pc = todo.back();
    todo.pop_back();
    if (threads.seen[pc] == generation) continue;
    threads.seen[pc] = generation;
    const Instruction& at = code[pc];
    switch (at.op) {
      case Op::match:
        return true;
      case Op::set:
        threads.list.push_back(pc);
        break;
      case Op::jump:
        todo.push_back(at.a);
        break;
      case Op::split:
        todo.push_back(at.b);
        todo.push_back(at.a);
        break;
      default:
        if (holds(at.op, spot)) todo.push_back(pc + 1);
    }
  }
  return false;
}

bool Program::found_in(std::string_view text) const {
  Threads now{{}, std::vector<uint32_t>(code.size(), 0)};
  Threads next{{}, std::vector<uint32_t>(code.size(), 0)};
  uint32_t before = 0;
  uint32_t generation = 0;
  for (size_t i = 0;;) {
    uint32_t c = 0;
    size_t n = i < text.size() ? utf8_next(text, i, c) : 0;
    if (i < text.size() && n == 0) {
      n = 1;
      c = 0xFFFD;
    }
    Spot spot{i == 0, i == text.size(), before, i < text.size() ? c : 0};
    generation++;
    std::swap(next.list, now.list);
    now.list.clear();
    for (uint32_t pc : next.list) {
      if (add(now, generation, pc, spot)) return true;
    }
    if (add(now, generation, 0, spot)) return true;
    if (i == text.size()) return false;
    next.list.clear();
    for (uint32_t pc : now.list) {
      if (sets[code[pc].a].has(c)) next.list.push_back(pc + 1);
    }
    std::swap(now.list, next.list);
    before = c;
    i += n;
  }
}

// Turns a parsed expression into instructions, repetitions expanded within a bound.
class Compiler {
 public:
  explicit Compiler(Program& program) : out_(program) {}

  bool emit(const Node& node) {
    if (out_.code.size() > limits::kPatternNodesMax) return false;
    switch (node.type) {
      case Node::Type::set:
        out_.sets.push_back(node.set);
        push(Op::set, static_cast<uint32_t>(out_.sets.size() - 1));
        return true;
      case Node::Type::assertion:
        push(assertion(node.assertion));
        return true;
      case Node::Type::sequence:
        return std::all_of(node.parts.begin(), node.parts.end(),
                           [this](const Node& part) { return emit(part); });
      case Node::Type::choice:
        return choice(node);
      default:
        return repeat(node);
    }
  }
  uint32_t push(Op op, uint32_t a = 0, uint32_t b = 0) {
    out_.code.push_back({op, a, b});
    return static_cast<uint32_t>(out_.code.size() - 1);
  }

 private:
  uint32_t here() const { return static_cast<uint32_t>(out_.code.size()); }

  static Op assertion(char which) {
    switch (which) {
      case 'A':
        return Op::text_begin;
      case 'z':
        return Op::text_end;
      case '^':
        return Op::line_begin;
      case '$':
        return Op::line_end;
      case 'b':
        return Op::word;
      default:
        return Op::not_word;
    }
  }

  bool choice(const Node& node) {
    std::vector<uint32_t> ends;
    for (size_t i = 0; i < node.parts.size(); i++) {
      bool last = i + 1 == node.parts.size();
      uint32_t split = last ? 0 : push(Op::split, here() + 1);
      if (!emit(node.parts[i])) return false;
      if (last) break;
      ends.push_back(push(Op::jump));
      out_.code[split].b = here();
    }
    for (uint32_t end : ends) out_.code[end].a = here();
    return true;
  }

  bool repeat(const Node& node) {
    const Node& part = node.parts[0];
    for (int i = 0; i < node.least; i++) {
      if (!emit(part)) return false;
    }
    if (node.most < 0) {
      uint32_t split = push(Op::split, here() + 1);
      if (!emit(part)) return false;
      push(Op::jump, split);
      out_.code[split].b = here();
      return true;
    }
    std::vector<uint32_t> splits;
    for (int i = node.least; i < node.most; i++) {
      splits.push_back(push(Op::split, here() + 1));
      if (!emit(part)) return false;
    }
    for (uint32_t split : splits) out_.code[split].b = here();
    return true;
  }

  Program& out_;
};

}  // namespace

storage::Result<std::shared_ptr<const Pattern>, Pattern::Error> Pattern::compile(
    std::string_view text) {
  if (text.size() > limits::kPatternBytesMax) {
    return Error{"longer than " + std::to_string(limits::kPatternBytesMax) + " bytes"};
  }
  Node tree = TRY(pattern::parse(text));
  auto program = std::make_shared<Program>();
  Compiler compiler(*program);
  if (!compiler.emit(tree)) return Error{"too large when its repetitions are expanded"};
  compiler.push(Op::match);
  return std::shared_ptr<const Pattern>(std::move(program));
}

}  // namespace engine

#include "fathom/io/pickle.h"

#include <bit>
#include <unordered_map>

#include "fathom/base/error.h"
#include "fathom/io/excerpt.h"

namespace fathom::io {

namespace {

using Kind = PickleNode::Kind;

// The instructions of pickle that torch.save uses, under the names of Python's pickletools.
enum Instruction : unsigned char {
  kProto = 0x80,
  kStop = '.',
  kMark = '(',
  kNone = 'N',
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kLong1 = 0x8a,
  kBinFloat = 'G',
  kBinUnicode = 'X',
  kEmptyTuple = ')',
  kTuple = 't',
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kEmptyList = ']',
  kAppend = 'a',
  kAppends = 'e',
  kEmptyDict = '}',
  kSetItem = 's',
  kSetItems = 'u',
  kGlobal = 'c',
  kReduce = 'R',
  kBuild = 'b',
  kBinPersId = 'Q',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kBinGet = 'h',
  kLongBinGet = 'j',
};

}  // namespace

class PickleMachine {
 public:
  PickleMachine(std::string_view bytes, std::string_view origin) : bytes_(bytes), origin_(origin) {}

  Pickle run() {
    while (step(byte())) {
    }
    if (at_ != bytes_.size()) refuse("goes on after its end");
    if (stack_.size() != 1 || !marks_.empty()) refuse("does not end with one value");
    pickle_.root_ = stack_.back();
    return std::move(pickle_);
  }

 private:
  using Node = PickleNode*;

  [[noreturn]] void refuse(std::string_view cause) const {
    base::fail("io::Pickle", "{}: the pickle {} (byte {})", origin_, cause, at_);
  }

  unsigned char byte() { return static_cast<unsigned char>(take(1)[0]); }

  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size() - at_) refuse("ends too early");
    const std::string_view part = bytes_.substr(at_, count);
    at_ += count;
    return part;
  }

  // Little-endian, unsigned.
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    const std::string_view part = take(size);
    for (std::size_t i = 0; i < size; ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(part[i])) << (8 * i);
    }
    return value;
  }

  std::string line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) refuse("ends too early");
    std::string text(bytes_.substr(at_, end - at_));
    at_ = end + 1;
    return text;
  }

  Node make(Kind kind) {
    pickle_.nodes_.push_back({.kind = kind});
    return &pickle_.nodes_.back();
  }

  // A frame is what lies on the stack above its mark.
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  Node pop() {
    if (stack_.size() <= floor()) refuse("takes from an empty stack");
    const Node top = stack_.back();
    stack_.pop_back();
    return top;
  }

  Node& top() {
    if (stack_.size() <= floor()) refuse("takes from an empty stack");
    return stack_.back();
  }

  std::vector<Node> pop_to_mark() {
    if (marks_.empty()) refuse("closes what it has not opened");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Node> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }

  void push(Node node) { stack_.push_back(node); }

  void push_integer(std::int64_t value, Kind kind = Kind::integer) {
    const Node node = make(kind);
    node->integer = value;
    push(node);
  }

  void push_long(std::size_t size) {
    if (size > 8) refuse("holds an integer of more than 8 bytes");
    const std::uint64_t value = number(size);
    const unsigned unused = static_cast<unsigned>(64 - 8 * size);  // two's complement of `size` bytes
    push_integer(size == 0 ? 0 : static_cast<std::int64_t>(value << unused) >> unused);
  }

  void push_real() {
    std::uint64_t code = 0;  // big-endian, as pickle has it
    for (const char c : take(8)) code = code << 8 | static_cast<unsigned char>(c);
    const Node node = make(Kind::real);
    node->real = std::bit_cast<double>(code);
    push(node);
  }

  void push_tuple(const std::vector<Node>& items) {
    const Node node = make(Kind::tuple);
    node->children.assign(items.begin(), items.end());
    push(node);
  }

  void push_tuple_of(std::size_t count) {
    std::vector<Node> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    push_tuple(items);
  }

  void append(const std::vector<Node>& items) {
    const Node list = top();
    if (!list->is(Kind::list)) refuse("appends to what is no list");
    list->children.insert(list->children.end(), items.begin(), items.end());
  }

  void set_items(const std::vector<Node>& items) {
    const Node dict = top();
    if (!dict->is(Kind::dict) && !dict->is(Kind::call)) refuse("sets items of what is no dictionary");
    if (items.size() % 2 != 0) refuse("sets a key without a value");
    for (std::size_t i = 0; i < items.size(); i += 2) dict->entries.emplace_back(items[i], items[i + 1]);
  }

  void push_name() {
    const Node node = make(Kind::name);
    node->text = line();
    node->text += "." + line();
    push(node);
  }

  void push_call() {
    const Node arguments = pop(), callable = pop();
    const Node node = make(Kind::call);
    node->children = {callable, arguments};
    push(node);
  }

  void push_persistent() {
    const Node id = pop();
    const Node node = make(Kind::persistent);
    node->children = {id};
    push(node);
  }

  void put(std::uint64_t slot) { memo_[slot] = top(); }

  void get(std::uint64_t slot) {
    const auto at = memo_.find(slot);
    if (at == memo_.end()) refuse("refers to what it has not stored");
    push(at->second);
  }

  // False at the end.
  bool step(unsigned char instruction) {
    switch (instruction) {
      case kStop:
        return false;
      case kProto:
        if (byte() > 2) refuse("is of a newer protocol than torch.save writes (2)");
        break;
      case kMark:
        marks_.push_back(stack_.size());
        break;
      case kBuild:  // the attributes of an object: none matter here
        pop();
        top();
        break;
      default:
        value_step(instruction);
    }
    return true;
  }

  void value_step(unsigned char instruction) {
    switch (instruction) {
      case kNone:
        return push(make(Kind::none));
      case kNewTrue:
        return push_integer(1, Kind::boolean);
      case kNewFalse:
        return push_integer(0, Kind::boolean);
      case kBinInt:
        return push_integer(static_cast<std::int32_t>(number(4)));
      case kBinInt1:
        return push_integer(static_cast<std::int64_t>(number(1)));
      case kBinInt2:
        return push_integer(static_cast<std::int64_t>(number(2)));
      case kLong1:
        return push_long(byte());
      case kBinFloat:
        return push_real();
      case kBinUnicode: {
        const Node node = make(Kind::text);
        node->text = std::string(take(number(4)));
        return push(node);
      }
      case kGlobal:
        return push_name();
      default:
        structure_step(instruction);
    }
  }

  void structure_step(unsigned char instruction) {
    switch (instruction) {
      case kEmptyTuple:
        return push_tuple({});
      case kTuple:
        return push_tuple(pop_to_mark());
      case kTuple1:
        return push_tuple_of(1);
      case kTuple2:
        return push_tuple_of(2);
      case kTuple3:
        return push_tuple_of(3);
      case kEmptyList:
        return push(make(Kind::list));
      case kAppend:
        return append({pop()});
      case kAppends:
        return append(pop_to_mark());
      case kEmptyDict:
        return push(make(Kind::dict));
      case kSetItem: {
        const Node value = pop(), key = pop();
        return set_items({key, value});
      }
      case kSetItems:
        return set_items(pop_to_mark());
      case kReduce:
        return push_call();
      case kBinPersId:
        return push_persistent();
      case kBinPut:
        return put(number(1));
      case kLongBinPut:
        return put(number(4));
      case kBinGet:
        return get(number(1));
      case kLongBinGet:
        return get(number(4));
      default:
        refuse(fmt::format("uses the instruction 0x{:02x}, which torch.save does not", instruction));
    }
  }

  std::string_view bytes_, origin_;
  std::size_t at_ = 0;
  Pickle pickle_;
  std::vector<Node> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, Node> memo_;
};

Pickle Pickle::parse(std::string_view bytes, std::string_view origin) { return PickleMachine(bytes, origin).run(); }

}  // namespace fathom::io

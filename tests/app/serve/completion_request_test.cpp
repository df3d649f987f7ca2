// What a client may ask, and how the rest is refused.
#include "app/serve/completion_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/serve/api_error.h"

namespace fathom::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

CompletionRequest text(const std::string& body) { return parse_completion(CompletionKind::text, body, {}); }
CompletionRequest chat(const std::string& body) { return parse_completion(CompletionKind::chat, body, {}); }

template <class Parse>
void expect_refused(const Parse& parse, const std::string& body, const std::string& param, const std::string& message) {
  try {
    parse(body);
    ADD_FAILURE() << body << " was taken";
  } catch (const ApiError& error) {
    EXPECT_EQ(error.status(), 400) << body;
    EXPECT_EQ(error.param(), param) << body;
    EXPECT_THAT(error.what(), HasSubstr(message)) << body;
    EXPECT_EQ(nlohmann::json::parse(error.json()).at("error").at("type"), "invalid_request_error");
  }
}

TEST(CompletionRequest, ReadsEveryField) {
  const CompletionRequest r = text(R"({"model":"m","prompt":"Once","max_tokens":7,"num_steps":5,
      "exit":"latent-diff:0.03","temperature":0.5,"top_p":0.9,"min_p":0.1,"top_k":40,"repetition_penalty":1.1,"seed":9,
      "stop":["a","b"],"stream":true,"stream_options":{"include_usage":true},"n":1,"user":"u","logprobs":null})");
  EXPECT_EQ(r.model, "m");
  EXPECT_EQ(r.prompt, "Once");
  EXPECT_EQ(r.max_tokens, 7);
  EXPECT_EQ(r.num_steps, 5);
  EXPECT_EQ(r.exit, "latent-diff:0.03");
  EXPECT_EQ(r.temperature, 0.5);
  EXPECT_EQ(r.top_p, 0.9);
  EXPECT_EQ(r.min_p, 0.1);
  EXPECT_EQ(r.top_k, 40);
  EXPECT_EQ(r.repetition_penalty, 1.1);
  EXPECT_EQ(r.seed, 9);
  EXPECT_THAT(r.stop, ElementsAre("a", "b"));
  EXPECT_TRUE(r.stream && r.stream_usage);
}

TEST(CompletionRequest, WhatIsAbsentOrNullHasTheDefaultsOfTheApi) {
  const CompletionRequest r = text(R"({"prompt":"a","max_tokens":null,"stop":null,"seed":null})");
  EXPECT_EQ(r.max_tokens, 0);
  EXPECT_EQ(r.temperature, 1);
  EXPECT_EQ(r.top_p, 1);
  EXPECT_FALSE(r.seed || r.num_steps || r.exit || r.stream);
  EXPECT_THAT(r.stop, ElementsAre());
}

TEST(CompletionRequest, PromptsComeAsTextOrIdsOrOneOfThem) {
  EXPECT_EQ(text(R"({"prompt":["a"]})").prompt, "a");
  EXPECT_THAT(text(R"({"prompt":[1,2]})").prompt_ids, ElementsAre(1, 2));
  EXPECT_THAT(text(R"({"prompt":[[1,2]]})").prompt_ids, ElementsAre(1, 2));
  expect_refused(text, R"({})", "prompt", "prompt is needed");
  expect_refused(text, R"({"prompt":["a","b"]})", "prompt", "a request for each");
  for (const char* bad : {R"("")", "[]", "7", "[[]]", "[-1]", "[1.5]", R"({"a":1})", R"([1,"a"])"})
    expect_refused(text, fmt::format(R"({{"prompt":{}}})", bad), "prompt", "prompt = ");
}

TEST(CompletionRequest, MessagesHaveRolesAndTexts) {
  const CompletionRequest r = chat(R"({"messages":[{"role":"developer","content":"Be brief."},
      {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
      {"role":"assistant","content":"c"}],"max_completion_tokens":3})");
  EXPECT_THAT(r.messages, ElementsAre(Pair("system", "Be brief."), Pair("user", "ab"), Pair("assistant", "c")));
  EXPECT_EQ(r.max_tokens, 3);
  expect_refused(chat, R"({})", "messages", "messages is needed");
  expect_refused(chat, R"({"messages":[]})", "messages", "one or more");
  expect_refused(chat, R"({"messages":["a"]})", "messages[0]", "role");
  expect_refused(chat, R"({"messages":[{"role":"tool","content":"a"}]})", "messages[0].role", "user|assistant");
  expect_refused(chat, R"({"messages":[{"role":"user"}]})", "messages[0].content", "a text");
  expect_refused(chat, R"({"messages":[{"role":"user","content":[{"type":"image_url"}]}]})", "messages[0].content",
                 "text only");
}

TEST(CompletionRequest, RefusesWhatIsOutOfBoundsOrOfAnotherType) {
  const std::vector<std::pair<std::string, std::string>> cases = {{"max_tokens", "0"},
                                                                  {"max_tokens", "1025"},
                                                                  {"max_tokens", "1.5"},
                                                                  {"max_tokens", "\"7\""},
                                                                  {"num_steps", "0"},
                                                                  {"num_steps", "65"},
                                                                  {"num_steps", "1e3"},
                                                                  {"temperature", "-0.1"},
                                                                  {"temperature", "2.1"},
                                                                  {"temperature", "\"hot\""},
                                                                  {"top_p", "0"},
                                                                  {"top_p", "1.1"},
                                                                  {"min_p", "2"},
                                                                  {"top_k", "-1"},
                                                                  {"repetition_penalty", "0"},
                                                                  {"seed", "-1"},
                                                                  {"seed", "1e300"},
                                                                  {"stream", "1"},
                                                                  {"exit", "3"},
                                                                  {"model", "3"},
                                                                  {"stop", "[\"\"]"},
                                                                  {"stop", "3"},
                                                                  {"stop", "[1]"},
                                                                  {"stream_options", "1"},
                                                                  {"stop", R"(["1","2","3","4","5"])"},
                                                                  {"max_tokens", "18446744073709551615"}};
  for (const auto& [field, value] : cases)
    expect_refused(text, fmt::format(R"({{"prompt":"a","{}":{}}})", field, value), field, field + " = ");
}

TEST(CompletionRequest, RefusesWhatThereIsNot) {
  for (const char* field : {"n", "best_of"})
    expect_refused(text, fmt::format(R"({{"prompt":"a","{}":2}})", field), field, "one answer a request");
  expect_refused(text, R"({"prompt":"a","logprobs":5})", "logprobs", "not reported");
  expect_refused(text, R"({"prompt":"a","echo":true})", "echo", "not repeated");
  expect_refused(text, R"({"prompt":"a","suffix":"b"})", "suffix", "continued");
  const std::string messages = R"({"messages":[{"role":"user","content":"a"}],)";
  expect_refused(chat, messages + R"("logprobs":true})", "logprobs", "not reported");
  expect_refused(chat, messages + R"("tools":[{}]})", "tools", "no tools");
  expect_refused(chat, messages + R"("response_format":{"type":"json_object"}})", "response_format", "free text");
  EXPECT_NO_THROW(chat(messages + R"("logprobs":false,"tools":[],"response_format":{"type":"text"}})"));
  expect_refused(text, R"({"prompt":"a","temprature":1})", "temprature", "did you mean 'temperature'?");
  expect_refused(text, R"({"prompt":"a","stream_options":{"usage":true}})", "stream_options.usage", "unknown field");
}

TEST(CompletionRequest, RefusesWhatIsNoJsonObject) {
  for (const char* body : {"", "{", "[]", "null", "\"a\"", "{\"prompt\":\"\xff\"}", "{\"prompt\":\"a\"}x",
                           "{\"prompt\":\"a\",\"prompt\":\"b\"}"})
    expect_refused(text, body, "", "");
  expect_refused(text, "{\"prompt\":" + std::string(100000, '[') + "}", "", "");
}

}  // namespace
}  // namespace fathom::app

// Answers in the API's words.
#include "app/serve/completion_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/serve/api_error.h"

namespace fathom::app {
namespace {

using testing::EndsWith;
using testing::StartsWith;
using Json = nlohmann::json;

Json data_of(const std::string& event) {
  EXPECT_THAT(event, StartsWith("data: "));
  EXPECT_THAT(event, EndsWith("\n\n"));
  EXPECT_EQ(event.find('\n'), event.size() - 2) << "one line an event";
  return Json::parse(event.substr(6));
}

TEST(CompletionResponse, OfText) {
  const CompletionResponse says(CompletionKind::text, "cmpl-1", "m", 17);
  const Json whole = Json::parse(says.whole("a\n\"b\"", "length", {3, 2, 9}));
  EXPECT_EQ(whole.at("id"), "cmpl-1");
  EXPECT_EQ(whole.at("object"), "text_completion");
  EXPECT_EQ(whole.at("created"), 17);
  EXPECT_EQ(whole.at("model"), "m");
  EXPECT_EQ(whole.at("choices")[0],
            Json::parse(R"({"index":0,"text":"a\n\"b\"","logprobs":null,"finish_reason":"length"})"));
  EXPECT_EQ(whole.at("usage"),
            Json::parse(R"({"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,"recurrences":9})"));
  EXPECT_EQ(says.first_event(), "");
  EXPECT_EQ(data_of(says.text_event("x")).at("choices")[0].at("text"), "x");
  EXPECT_EQ(data_of(says.text_event("x")).at("choices")[0].at("finish_reason"), nullptr);
  EXPECT_EQ(data_of(says.last_event("stop")).at("choices")[0].at("finish_reason"), "stop");
}

TEST(CompletionResponse, OfChat) {
  const CompletionResponse says(CompletionKind::chat, "chatcmpl-1", "m", 17);
  const Json whole = Json::parse(says.whole("Hi", "stop", {}));
  EXPECT_EQ(whole.at("object"), "chat.completion");
  EXPECT_EQ(whole.at("choices")[0].at("message").at("role"), "assistant");
  EXPECT_EQ(whole.at("choices")[0].at("message").at("content"), "Hi");
  EXPECT_EQ(data_of(says.first_event()).at("object"), "chat.completion.chunk");
  EXPECT_EQ(data_of(says.first_event()).at("choices")[0].at("delta").at("role"), "assistant");
  EXPECT_EQ(data_of(says.text_event("x")).at("choices")[0].at("delta"), (Json{{"content", "x"}}));
  EXPECT_EQ(data_of(says.last_event("stop")).at("choices")[0].at("delta"), Json::object());
  const Json usage = data_of(says.usage_event({1, 2, 3}));
  EXPECT_EQ(usage.at("choices"), Json::array());
  EXPECT_EQ(usage.at("usage").at("total_tokens"), 3);
}

TEST(CompletionResponse, AnyBytesMakeValidJson) {
  const CompletionResponse says(CompletionKind::text, "i", "m", 0);
  EXPECT_NO_THROW(data_of(says.text_event("\xff\x00\n" + std::string(1, '\0'))));
}

TEST(CompletionResponse, ListsTheModel) {
  EXPECT_EQ(Json::parse(models_json("m", 5)).at("data")[0], Json::parse(model_json("m", 5)));
  EXPECT_EQ(Json::parse(model_json("m", 5)).at("object"), "model");
}

TEST(ApiError, HasTheShapeOfTheApi) {
  const Json error = Json::parse(ApiError(404, "gone \xff", "model", "model_not_found").json()).at("error");
  EXPECT_EQ(error.at("type"), "invalid_request_error");
  EXPECT_EQ(error.at("param"), "model");
  EXPECT_EQ(error.at("code"), "model_not_found");
  EXPECT_EQ(Json::parse(ApiError(429, "").json()).at("error").at("param"), nullptr);
  EXPECT_EQ(ApiError(401, "").type(), "authentication_error");
  EXPECT_EQ(ApiError(429, "").type(), "rate_limit_error");
  EXPECT_EQ(ApiError(500, "").type(), "server_error");
  EXPECT_EQ(ApiError(503, "").type(), "overloaded_error");
  EXPECT_EQ(ApiError(504, "").type(), "timeout_error");
}

}  // namespace
}  // namespace fathom::app

# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading templates, parameters, functions: the pure parts of the sandbox's CloudFormation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sandbox.cloudformation import parameters, references, templates
from sandbox.cloudformation.errors import CloudFormationError
from sandbox.cloudformation.evaluation import Evaluation
from sandbox.cloudformation.functions import UNKNOWN
from sandbox.cloudformation.resources import ATTRIBUTES, KINDS
from sandbox.cloudformation.resources.kind import same
from sandbox.cloudformation.stacks import Item, Wanted

STACK_ID = "arn:aws:cloudformation:us-west-2:123456789012:stack/shop/0"
TOPIC = {"Type": "AWS::SNS::Topic"}
MADE = Item("Topic", "AWS::SNS::Topic", "arn:topic", attributes={"TopicName": "news"})


def evaluated(value: Any, found: dict[str, str] | None = None, known: bool = True, **sections: Any) -> Any:
    """What a value comes to, as a property of a resource."""
    body = {"Resources": {"Topic": TOPIC, "Other": {**TOPIC, "Properties": {"DisplayName": value}}}, **sections}
    template = templates.read(json.dumps(body))
    wanted = Wanted(template, parameters.values(template, [_given(*item) for item in (found or {}).items()]), {})
    items = {"Topic": MADE} if known else {}
    return Evaluation(wanted, STACK_ID, items, {"theirs": "value"}.get).item("Other").properties.get("DisplayName")


def _given(key: str, value: str) -> dict[str, str]:
    return {"ParameterKey": key, "ParameterValue": value}


LISTS = {"Parameters": {"Zones": {"Type": "CommaDelimitedList", "Default": "a, b,c"}}}
MAPS = {"Mappings": {"Days": {"us-west-2": {"logs": 30}}}}
CONDITIONS = {
    "Parameters": {"Size": {"Type": "String", "Default": "big"}},
    "Conditions": {
        "Small": {"Fn::Not": [{"Condition": "Big"}]},
        "Big": {"Fn::Equals": [{"Ref": "Size"}, "big"]},
        "Both": {"Fn::And": [{"Condition": "Big"}, {"Condition": "Small"}]},
        "Any": {"Fn::Or": [{"Condition": "Big"}, {"Condition": "Small"}]},
    },
}


@pytest.mark.parametrize(
    ("value", "sections", "expected"),
    [
        ({"Ref": "Topic"}, {}, "arn:topic"),
        ({"Ref": "AWS::Region"}, {}, "us-west-2"),
        ({"Ref": "AWS::NoValue"}, {}, None),
        ({"Ref": "Zones"}, LISTS, ["a", "b", "c"]),
        ({"Fn::GetAtt": ["Topic", "TopicName"]}, {}, "news"),
        ({"Fn::GetAtt": "Topic.TopicName"}, {}, "news"),
        ({"Fn::Sub": "${AWS::StackName}-${Topic.TopicName}-${!kept}-${Topic}"}, {}, "shop-news-${kept}-arn:topic"),
        ({"Fn::Sub": ["${a}-${AWS::AccountId}", {"a": {"Ref": "AWS::Region"}}]}, {}, "us-west-2-123456789012"),
        ({"Fn::Join": ["/", ["a", {"Ref": "AWS::Partition"}, 1]]}, {}, "a/aws/1"),
        ({"Fn::Join": ["+", {"Ref": "Zones"}]}, LISTS, "a+b+c"),
        ({"Fn::Select": [1, {"Ref": "Zones"}]}, LISTS, "b"),
        ({"Fn::Select": ["2", {"Fn::Split": ["-", "a-b-c"]}]}, {}, "c"),
        ({"Fn::FindInMap": ["Days", {"Ref": "AWS::Region"}, "logs"]}, MAPS, 30),
        ({"Fn::ImportValue": {"Fn::Sub": "theirs"}}, {}, "value"),
        ({"Fn::If": ["Big", "yes", "no"]}, CONDITIONS, "yes"),
        ({"Fn::If": ["Small", "yes", {"Ref": "AWS::NoValue"}]}, CONDITIONS, None),
        ({"Fn::If": ["Both", 1, {"Fn::If": ["Any", 2, 3]}]}, CONDITIONS, 2),
    ],
)
def test_functions(value: Any, sections: dict[str, Any], expected: Any) -> None:
    assert evaluated(value, **sections) == expected


def test_what_is_not_there_yet_is_unknown() -> None:
    assert evaluated({"Ref": "Topic"}, known=False) == UNKNOWN
    assert evaluated({"Fn::Select": [1, {"Fn::Split": [":", {"Ref": "Topic"}]}]}, known=False) == UNKNOWN
    assert evaluated({"Fn::Sub": "x-${Topic.TopicName}"}, known=False) == f"x-{UNKNOWN}"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"Fn::FindInMap": ["Days", "eu-west-1", "logs"]}, "Unable to get mapping for Days::eu-west-1::logs"),
        ({"Fn::Select": [7, ["a"]]}, "Fn::Select cannot select nonexistent value at index 7"),
        ({"Fn::ImportValue": "nobodys"}, "No export named nobodys found."),
        ({"Fn::If": ["Tall", 1, 2]}, "unresolved condition dependency Tall"),
        ({"Fn::Transform": {"Name": "x"}}, "the sandbox has no function Fn::Transform"),
    ],
)
def test_what_functions_refuse(value: Any, problem: str) -> None:
    with pytest.raises(CloudFormationError, match=problem.replace("[", r"\[")):
        evaluated(value, **MAPS)


SHORT = """
Parameters: {Name: {Type: String}}
Conditions: {Named: !Not [!Equals [!Ref Name, ""]]}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Condition: Named
    Properties:
      TopicName: !Sub "${Name}-x"
      DisplayName: !Join [":", [!GetAtt Other.TopicName, !Select [0, !Split [",", "a,b"]]]]
      Tags: [{Key: since, Value: 2026-01-01}]
  Other: {Type: AWS::SNS::Topic, DependsOn: []}
"""


def test_yaml_has_short_forms_and_dates_are_texts() -> None:
    found = templates.read(SHORT).resources["Topic"]
    assert found.properties["TopicName"] == {"Fn::Sub": "${Name}-x"}
    assert found.properties["DisplayName"]["Fn::Join"][1] == [
        {"Fn::GetAtt": ["Other", "TopicName"]}, {"Fn::Select": [0, {"Fn::Split": [",", "a,b"]}]},
    ]  # fmt: skip
    assert found.properties["Tags"] == [{"Key": "since", "Value": "2026-01-01"}] and found.condition == "Named"


def a_topic(**more: Any) -> str:
    return json.dumps({"Resources": {"A": {**TOPIC, **more}}})


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("{", r"JSON not well-formed. \(line 1, column 2\)"),
        ("a: [", "YAML not well-formed"),
        ("just text", "unsupported structure"),
        ("{}", "At least one Resources member must be defined"),
        ('{"Resources": {}}', "At least one Resources member must be defined"),
        ('{"Ressources": {}}', r"Invalid template property or properties \[Ressources\]"),
        ('{"Resources": {"a-b": {"Type": "AWS::SNS::Topic"}}}', "Resource name a-b is non alphanumeric"),
        ('{"Resources": {"A": {}}}', "Every Resources object must contain a Type member"),
        (a_topic(Property=1), "Invalid template resource property 'Property'"),
        (a_topic(DeletionPolicy="Keep"), "Unrecognized DeletionPolicy Keep"),
        (a_topic(Type="AWS::EC2::Instance"), r"Unrecognized resource types: \[AWS::EC2::Instance\]"),
        (a_topic(DependsOn="B"), r"Unresolved resource dependencies \[B\]"),
        (
            a_topic(Properties={"TopicName": {"Fn::Sub": "${B}"}}),
            r"Unresolved resource dependencies \[B\] in the Resources block of the template",
        ),
        (
            '{"Resources": {"A": {"Type": "AWS::SNS::Topic"}}, "Outputs": {"O": {"Value": {"Ref": "B"}}}}',
            r"Unresolved resource dependencies \[B\] in the Outputs block",
        ),
        (
            a_topic(Properties={"TopicName": {"Fn::GetAtt": ["B", "c"]}}),
            "instance of Fn::GetAtt references undefined resource B",
        ),
        (
            '{"Resources": {"A": {"Type": "AWS::SNS::Topic"}, "B": {"Type": "AWS::SNS::Topic", "Properties": '
            '{"TopicName": {"Fn::GetAtt": ["A", "Arn"]}}}}}',
            "resource A does not support attribute type Arn in Fn::GetAtt",
        ),
        (
            '{"Resources": {"A": {"Type": "AWS::SNS::Topic", "DependsOn": "B"}, "B": {"Type": "AWS::SNS::Topic", '
            '"DependsOn": ["A"]}}}',
            r"Circular dependency between resources: \[A, B\]",
        ),
        (json.dumps({"Resources": {"A": TOPIC}, "Description": "x" * 51200}), "length less than or equal to 51200"),
    ],
)  # fmt: skip
def test_what_is_no_template(body: str, problem: str) -> None:
    with pytest.raises(CloudFormationError, match=problem):
        references.check(templates.read(body), ATTRIBUTES)


@pytest.mark.parametrize(
    ("declared", "value", "problem"),
    [
        ({"Type": "String", "AllowedValues": ["a", "b"]}, "c", "Parameter 'P' must be one of AllowedValues"),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, "a,c", "must be one of AllowedValues"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "A", r"must match pattern \[a-z\]\+"),
        ({"Type": "String", "MinLength": 3}, "ab", "must contain at least 3 characters"),
        ({"Type": "String", "MaxLength": "1"}, "ab", "must contain at most 1 characters"),
        ({"Type": "Number"}, "many", "must be a number"),
        ({"Type": "Number", "MinValue": 1}, "0", "must be a number not less than 1"),
        ({"Type": "List<Number>", "MaxValue": 5}, "1,6", "must be a number not greater than 5"),
        (
            {"Type": "Number", "MinValue": 1, "ConstraintDescription": "one at least"}, "0",
            "Parameter 'P' failed to satisfy constraint: one at least",
        ),
        ({"Type": "AWS::SSM::Parameter::Name"}, "x", "Unrecognized parameter type: AWS::SSM::Parameter::Name"),
    ],
)  # fmt: skip
def test_values_that_parameters_refuse(declared: dict[str, Any], value: str, problem: str) -> None:
    template = templates.read(json.dumps({"Resources": {"A": TOPIC}, "Parameters": {"P": declared}}))
    with pytest.raises(CloudFormationError, match=problem):
        parameters.values(template, [_given("P", value)])


def test_a_previous_value_needs_a_stack() -> None:
    template = templates.read(json.dumps({"Resources": {"A": TOPIC}, "Parameters": {"P": {"Type": "String"}}}))
    again = [{"ParameterKey": "P", "UsePreviousValue": True}]
    assert parameters.values(template, again, {"P": "old"}) == {"P": "old"}
    with pytest.raises(CloudFormationError, match="Cannot specify usePreviousValue"):
        parameters.values(template, again)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [(5, "5", True), (True, "true", True), (True, "True", False), ({"a": [1]}, {"a": ["1"]}, True), (None, None, True),
     ({"a": 1}, {"a": 1, "b": 2}, False), ([1, 2], [2, 1], False), (None, "", False), ([], None, False)],
)  # fmt: skip
def test_what_properties_mean_the_same(left: Any, right: Any, expected: bool) -> None:
    assert same(left, right) is expected


def test_every_type_says_what_it_is_consistently() -> None:
    for name, kind in KINDS.items():
        assert kind.replaced_by <= kind.properties, name
        assert set(kind.required) <= kind.properties, name
        assert not kind.name or kind.name in kind.properties, name
        assert not kind.system_tags or kind.is_taggable, name

"""What AWS CloudFormation makes of a template and parameters, as far as this project's template needs it: which parameters and rules refuse,
which conditions hold, what a value becomes. The stand-in for AWS checks neither patterns nor rules."""

import re

# What may stand in Rules: these functions, and Ref to parameters.
RULE_FUNCTIONS = {"Fn::And", "Fn::Contains", "Fn::Equals", "Fn::Not", "Fn::Or", "Ref"}
NO_VALUE = object()


class Stack:
    def __init__(self, template, parameters=(), name="alerts", region="us-east-1", partition="aws"):
        self.template = template
        unknown = set(parameters) - set(template["Parameters"])
        assert not unknown, f"the template has no parameter {unknown}"
        self.parameters = {name: str(parameter["Default"]) for name, parameter in template["Parameters"].items() if "Default" in parameter}
        self.parameters |= {name: str(value) for name, value in dict(parameters).items()}
        self.pseudo = {
            "AWS::StackName": name,
            "AWS::Region": region,
            "AWS::Partition": partition,
            "AWS::AccountId": "123456789012",
            "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
            "AWS::NoValue": NO_VALUE,
        }

    def refusals(self):
        """Why AWS would make or change nothing: first what single parameters say, then the rules, then the guards among the resources."""
        return self.refused_parameters() + self.refused_by_rules() + self.refused_by_guards()

    def refused_parameters(self):
        said = [f"{name} must have a value" for name in self.template["Parameters"] if name not in self.parameters]
        for name, value in self.parameters.items():
            parameter = self.template["Parameters"][name]
            allowed = [str(value) for value in parameter.get("AllowedValues", [value])]
            fits = value in allowed and re.fullmatch(java(parameter.get("AllowedPattern", ".*")), value)
            if parameter["Type"] == "Number":
                fits = fits and parameter.get("MinValue", 0) <= int(value) <= parameter.get("MaxValue", int(value))
            if not fits:
                said.append(f"{name} {parameter.get('ConstraintDescription', 'has another value than allowed')}")
        return said

    def refused_by_rules(self):
        said = []
        for rule in self.template["Rules"].values():
            if "RuleCondition" in rule and not self.ruled(rule["RuleCondition"]):
                continue
            said += [assertion["AssertDescription"] for assertion in rule["Assertions"] if not self.ruled(assertion["Assert"])]
        return said

    def ruled(self, expression):
        if not isinstance(expression, dict):
            return expression
        ((function, value),) = expression.items()
        assert function in RULE_FUNCTIONS, f"{function} cannot stand in Rules"
        if function == "Ref":
            return self.parameters[value]
        if function in ("Fn::And", "Fn::Or"):
            assert 2 <= len(value) <= 10, f"{function} takes 2 to 10"
            return (all if function == "Fn::And" else any)([self.ruled(each) for each in value])
        if function == "Fn::Not":
            (value,) = value
            return not self.ruled(value)
        if function == "Fn::Contains":
            return self.ruled(value[1]) in value[0]
        first, second = value
        return self.ruled(first) == self.ruled(second)

    def refused_by_guards(self):
        """A parameter of Systems Manager whose value does not match its own pattern is not made."""
        said = []
        for name, resource in self.resources().items():
            properties = resource.get("Properties", {})
            if resource["Type"] == "AWS::SSM::Parameter" and "AllowedPattern" in properties:
                pattern, value = self.value(properties["AllowedPattern"]), self.value(properties["Value"])
                assert len(pattern) <= 1024, f"{name}: Systems Manager takes patterns of 1,024 characters"
                if not re.search(java(pattern), value):
                    said.append(f"{name}: {value}")
        return said

    def holds(self, condition):
        """Whether a condition of the template holds."""
        return self.decided(self.template["Conditions"][condition])

    def decided(self, expression):
        ((function, value),) = expression.items()
        if function == "Condition":
            return self.holds(value)
        if function in ("Fn::And", "Fn::Or"):
            return (all if function == "Fn::And" else any)([self.decided(each) for each in value])
        if function == "Fn::Not":
            return not self.decided(value[0])
        assert function == "Fn::Equals", function
        first, second = value
        return self.value(first) == self.value(second)

    def resources(self):
        return {
            name: resource
            for name, resource in self.template["Resources"].items()
            if "Condition" not in resource or self.holds(resource["Condition"])
        }

    def properties(self, name):
        """A resource's properties, without those that are no value."""
        return self.value(self.resources()[name]["Properties"])

    def outputs(self):
        return {
            name: self.value(output["Value"])
            for name, output in self.template["Outputs"].items()
            if "Condition" not in output or self.holds(output["Condition"])
        }

    def value(self, value):
        """References to resources become `<Name>` and `<Name.Attribute>`."""
        if isinstance(value, list):
            return [each for each in map(self.value, value) if each is not NO_VALUE]
        if not isinstance(value, dict):
            # CloudFormation compares and joins text.
            return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if len(value) != 1 or not (next(iter(value)) == "Ref" or next(iter(value)).startswith("Fn::")):
            resolved = {name: self.value(each) for name, each in value.items()}
            return {name: each for name, each in resolved.items() if each is not NO_VALUE}
        ((function, value),) = value.items()
        if function == "Ref":
            return self.reference(value)
        if function == "Fn::GetAtt":
            return f"<{value if isinstance(value, str) else '.'.join(value)}>"
        if function == "Fn::If":
            condition, then, otherwise = value
            return self.value(then if self.holds(condition) else otherwise)
        if function == "Fn::FindInMap":
            name, first, second = map(self.value, value)
            return self.value(self.template["Mappings"][name][first][second])
        if function == "Fn::Join":
            return self.value(value[0]).join(self.value(value[1]))
        if function == "Fn::Select":
            return self.value(value[1])[int(value[0])]
        if function == "Fn::Split":
            return self.value(value[1]).split(value[0])
        assert function == "Fn::Sub", function
        text, given = value if isinstance(value, list) else (value, {})
        return re.sub(r"\$\{([\w.:]+)\}", lambda found: self.value(given[found[1]]) if found[1] in given else self.reference(found[1]), text)

    def reference(self, name):
        if name in self.pseudo:
            return self.pseudo[name]
        return self.parameters[name] if name in self.parameters else f"<{name}>"


def branches(statement):
    """The statements that a condition decides between, or the one that hangs on none."""
    if "Fn::If" not in statement:
        return [statement]
    return [each for branch in statement["Fn::If"][1:] if branch != {"Ref": "AWS::NoValue"} for each in branches(branch)]


def listed(value):
    return value if isinstance(value, list) else [value]


def java(pattern):
    """AWS reads patterns as Java does; Python knows the same ones, but for where a choice ends."""
    return f"(?:{pattern})"

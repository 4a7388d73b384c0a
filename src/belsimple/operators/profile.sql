-- name: profile
-- The company that runs this installation.
select legal_name, enterprise_number, address, email, officer_name, officer_email, security_name, security_email, version
from operators.profile_of(:session);

-- name: change_profile
-- Changes the profile; null leaves a field as it is.
select operators.change_profile(:session, :legal_name, :enterprise_number, :address, :email, :officer_name, :officer_email, :security_name, :security_email, :expected);

-- What the code before SAML called when somebody signed out.
drop function identity.own_provider_logout();

//! The derive macro `Row` of `pipelang`: a struct with named fields as rows of a table.
//!
//! It only writes down what the struct says: the fields in order, how a column is filled from a slice of rows and, where
//! no field borrows, how a value is built from a row of a result. Which types a field may have is decided by the traits
//! `ToCell` and `FromCell` of `pipelang`, so that aliases work and their messages are the compiler's own.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, LitStr, Type, parse_macro_input};

/// Makes a struct with named fields a `pipelang::Row`, and, if no field borrows, a `pipelang::FromRow`.
///
/// A struct that serde builds, since it derives `serde::Deserialize` too, says `#[row(input)]`.
///
/// Fields are numbers, `bool`, `String`, `&str`, times of jiff and std, other rows, and `Option` or `Vec` of those. A field is the column of its name;
/// `#[row(name = "Order Date")]` says another. One that says `#[row(skip)]` is no column, may have any type, and has its
/// `Default` where a row is built.
#[proc_macro_derive(Row, attributes(row))]
pub fn derive_row(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// A field of the struct.
struct Field<'a> {
    ident: &'a syn::Ident,
    ty: &'a Type,
    column: String,
}

fn expand(input: &DeriveInput) -> Result<TokenStream, Error> {
    let (fields, skipped) = fields(input)?;
    let ident = &input.ident;
    let name = ident.to_string();
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let descriptions = fields.iter().map(|field| {
        let (column, ty) = (&field.column, field.ty);
        quote_spanned! { ty.span() => ::pipelang::Field::of::<#ty>(#column) }
    });
    let appends = fields.iter().enumerate().map(|(at, field)| {
        let ident = field.ident;
        quote! { #at => column.extend(rows.map(|row| &row.#ident)), }
    });
    let cells = fields.iter().enumerate().map(|(at, field)| {
        let ident = field.ident;
        quote! { #at => ::pipelang::ToCell::to_cell(&self.#ident), }
    });
    let in_place = fields.iter().enumerate().map(|(at, field)| {
        let ident = field.ident;
        quote! { #at => ::pipelang::ToCell::in_place(&self.#ident), }
    });
    let parts = fields.iter().map(|field| {
        let (column, ty) = (&field.column, field.ty);
        quote! { (#column, ::pipelang::FieldType::of::<#ty>()) }
    });
    let count = fields.len();
    let row = quote! {
        #[automatically_derived]
        impl #impl_generics ::pipelang::ToCell for #ident #type_generics #where_clause {
            const KIND: ::pipelang::FieldKind = ::pipelang::FieldKind::Record(&[#(#parts),*]);

            fn to_cell(&self) -> ::pipelang::Cell<'_> {
                ::pipelang::Cell::Record(::pipelang::Items::of_row(self, #count))
            }
        }

        #[automatically_derived]
        impl #impl_generics ::pipelang::Row for #ident #type_generics #where_clause {
            fn schema() -> ::pipelang::Schema {
                ::pipelang::Schema::new(#name, ::std::vec![#(#descriptions),*])
            }

            fn append<'pipelang_row>(
                rows: impl ::std::iter::ExactSizeIterator<Item = &'pipelang_row Self>,
                field: usize,
                column: &mut ::pipelang::ColumnBuilder,
            ) where
                Self: 'pipelang_row,
            {
                match field {
                    #(#appends)*
                    _ => ::std::panic!("`{}` has no field {}", #name, field),
                }
            }

            fn in_place(&self, field: usize) -> ::std::option::Option<::pipelang::InPlace<'_>> {
                match field {
                    #(#in_place)*
                    _ => ::std::option::Option::None,
                }
            }

            #[inline]
            fn cell(&self, field: usize) -> ::pipelang::Cell<'_> {
                match field {
                    #(#cells)*
                    _ => ::std::panic!("`{}` has no field {}", #name, field),
                }
            }
        }
    };
    if is_input(input)? || input.generics.lifetimes().next().is_some() || fields.iter().any(|field| borrows(field.ty)) {
        return Ok(row);
    }
    let builds = fields.iter().enumerate().map(|(at, field)| {
        let (ident, ty) = (field.ident, field.ty);
        quote_spanned! { ty.span() => #ident: row.get::<#ty>(#at)? }
    });
    let idents: Vec<_> = fields.iter().map(|field| field.ident).collect();
    // Fields may have any name, those of these too.
    let values: Vec<_> = (0..count).map(|at| format_ident!("values_{at}")).collect();
    let columns = fields.iter().zip(&values).enumerate().map(|(at, (field, values))| {
        let ty = field.ty;
        quote_spanned! { ty.span() => let mut #values = rows.field::<#ty>(#at)?.into_iter(); }
    });
    let reads = fields.iter().map(|field| {
        let (ident, ty, column) = (field.ident, field.ty, &field.column);
        quote! { #ident: fields.field::<#ty>(#column)? }
    });
    Ok(quote! {
        #row
        #[automatically_derived]
        impl #impl_generics ::pipelang::FromCell for #ident #type_generics #where_clause {
            fn from_cell(
                cell: ::pipelang::Cell<'_>,
            ) -> ::std::result::Result<Self, ::pipelang::CellMismatch> {
                match cell {
                    ::pipelang::Cell::Record(fields) => {
                        ::std::result::Result::Ok(Self { #(#reads,)* #(#skipped: ::std::default::Default::default()),* })
                    }
                    _ => ::std::result::Result::Err(::pipelang::CellMismatch::new(cell, #name)),
                }
            }
        }

        #[automatically_derived]
        impl #impl_generics ::pipelang::FromRow for #ident #type_generics #where_clause {
            fn wanted() -> ::std::option::Option<::pipelang::Schema> {
                ::std::option::Option::Some(<Self as ::pipelang::Row>::schema())
            }

            fn from_row(
                row: &::pipelang::ResultRow<'_>,
            ) -> ::std::result::Result<Self, ::pipelang::CellMismatch> {
                ::std::result::Result::Ok(Self { #(#builds,)* #(#skipped: ::std::default::Default::default()),* })
            }

            fn from_rows(rows: &::pipelang::ResultBatch<'_>) -> ::std::option::Option<::std::vec::Vec<Self>> {
                #(#columns)*
                let mut all = ::std::vec::Vec::with_capacity(rows.len());
                for _ in 0..rows.len() {
                    all.push(Self { #(#idents: #values.next()?,)* #(#skipped: ::std::default::Default::default()),* });
                }
                ::std::option::Option::Some(all)
            }
        }
    })
}

/// Whether the struct says `#[row(input)]`: it is read, and built by somebody else.
fn is_input(input: &DeriveInput) -> Result<bool, Error> {
    let mut found = false;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("row")) {
        attribute.parse_nested_meta(|meta| {
            found = true;
            if meta.path.is_ident("input") { Ok(()) } else { Err(meta.error("a row says `input` here, or nothing")) }
        })?;
    }
    Ok(found)
}

/// The fields with the names of their columns, which are distinct, and those that are no columns.
fn fields(input: &DeriveInput) -> Result<(Vec<Field<'_>>, Vec<&syn::Ident>), Error> {
    let refuse =
        |what: &str| Err(Error::new(input.ident.span(), format!("a row is a struct with named fields, not {what}")));
    let data = match &input.data {
        Data::Struct(data) => data,
        Data::Enum(_) => return refuse("an enum"),
        Data::Union(_) => return refuse("a union"),
    };
    if let Some(parameter) = input.generics.type_params().next() {
        let text = "a row has no type parameters: its columns are known when it is declared";
        return Err(Error::new(parameter.span(), text));
    }
    let named = match &data.fields {
        Fields::Named(named) if !named.named.is_empty() => named,
        Fields::Named(_) | Fields::Unit => return refuse("an empty one"),
        Fields::Unnamed(_) => return refuse("a tuple"),
    };
    let (mut fields, mut skipped): (Vec<Field>, Vec<_>) = (Vec::with_capacity(named.named.len()), Vec::new());
    for field in &named.named {
        let ident = field.ident.as_ref().expect("the fields are named");
        let column = match attributes(field)? {
            Attributes { skip: true, name: None } => {
                skipped.push(ident);
                continue;
            }
            Attributes { skip: true, name: Some(_) } => {
                return Err(Error::new(ident.span(), "what is no column has no name as one"));
            }
            Attributes { skip: false, name } => {
                name.unwrap_or_else(|| ident.to_string().trim_start_matches("r#").to_string())
            }
        };
        if fields.iter().any(|other| other.column == column) {
            return Err(Error::new(ident.span(), format!("two fields are the column `{column}`")));
        }
        fields.push(Field { ident, ty: &field.ty, column });
    }
    if fields.is_empty() { refuse("one without columns") } else { Ok((fields, skipped)) }
}

/// What a field says.
#[derive(Default)]
struct Attributes {
    /// `#[row(name = "…")]`
    name: Option<String>,
    /// `#[row(skip)]`
    skip: bool,
}

fn attributes(field: &syn::Field) -> Result<Attributes, Error> {
    let mut said = Attributes::default();
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("row")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                said.name = Some(meta.value()?.parse::<LitStr>()?.value());
                Ok(())
            } else if meta.path.is_ident("skip") {
                said.skip = true;
                Ok(())
            } else {
                Err(meta.error("a field says `name = \"…\"` or `skip` here"))
            }
        })?;
    }
    Ok(said)
}

/// Whether a value of the type borrows, so that no result can be read into it.
fn borrows(ty: &Type) -> bool {
    match ty {
        Type::Reference(_) => true,
        Type::Paren(inner) => borrows(&inner.elem),
        Type::Group(inner) => borrows(&inner.elem),
        Type::Path(path) => path.path.segments.iter().any(|segment| match &segment.arguments {
            syn::PathArguments::AngleBracketed(arguments) => arguments.args.iter().any(|argument| match argument {
                syn::GenericArgument::Type(ty) => borrows(ty),
                syn::GenericArgument::Lifetime(_) => true,
                _ => false,
            }),
            syn::PathArguments::None | syn::PathArguments::Parenthesized(_) => false,
        }),
        _ => false,
    }
}
